using System.Text.RegularExpressions;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;

namespace Machine.Tool.Tests.Images;

public sealed class ImageRecipeTests
{
    [Fact]
    public void Every_file_that_a_script_of_the_recipe_names_is_in_the_recipe()
    {
        var named = ImageRecipe.Files.Where(file => file.Key.EndsWith(".sh", StringComparison.Ordinal))
            .SelectMany(file => Regex.Matches(file.Value, @"\$(?:recipe|work/recipe|MACHINE_WORK/recipe)/([\w.-]+)", RegexOptions.None, TimeSpan.FromSeconds(5)))
            .Select(match => match.Groups[1].Value).Distinct().ToList();

        named.ShouldContain("identity.pl");
        named.ShouldBeSubsetOf(ImageRecipe.Files.Keys);
    }

    [Fact]
    public async Task Every_script_is_one_that_a_plain_shell_can_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no sh");
        foreach (var (name, text) in ImageRecipe.Files.Where(file => file.Key.EndsWith(".sh", StringComparison.Ordinal)))
        {
            var result = await HostProgram.TryRunAsync("/bin/sh", ["-n"], TestContext.Current.CancellationToken, text);
            result.ExitCode.ShouldBe(0, $"{name}: {result.Error}");
        }
    }

    [Fact]
    public void Drivers_of_virtual_hardware_are_kept_and_others_are_not()
    {
        var options = DistributionBuild.DpkgOptions().ToList();

        Kept("drivers/net/virtio_net.ko").ShouldBeTrue();
        Kept("drivers/net/wireguard/wireguard.ko").ShouldBeTrue();
        Kept("drivers/net/ethernet/intel/e1000.ko").ShouldBeFalse();
        Kept("drivers/gpu/drm/drm.ko").ShouldBeFalse();
        Kept("sound/core/snd.ko").ShouldBeFalse();
        Kept("fs/9p/9p.ko").ShouldBeTrue();
        Kept("net/9p/9pnet_virtio.ko").ShouldBeTrue();

        // dpkg: the last rule that matches decides; its asterisk matches slashes too.
        bool Kept(string module)
        {
            var path = $"/usr/lib/modules/6.1/kernel/{module}";
            var rule = options.LastOrDefault(option => option.StartsWith("path-", StringComparison.Ordinal)
                && Regex.IsMatch(path, "^" + Regex.Escape(option.Split('=')[1]).Replace("\\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.None, TimeSpan.FromSeconds(5)));
            return rule?.StartsWith("path-exclude", StringComparison.Ordinal) != true;
        }
    }
}
