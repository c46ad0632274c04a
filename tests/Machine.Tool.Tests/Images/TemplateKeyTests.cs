using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using NSubstitute;

namespace Machine.Tool.Tests.Images;

/// <summary>Whatever a frozen memory depends on makes another template.</summary>
public sealed class TemplateKeyTests : IDisposable
{
    private readonly ImagesFolder home = new();
    private readonly ITemplateEngine engine = Substitute.For<ITemplateEngine>();

    public TemplateKeyTests() => Fingerprint("qemu 7.2 on this processor");

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task An_image_that_was_built_again_has_a_template_of_its_own()
    {
        var image = await ImageAsync();
        var again = image with { Created = image.Created.AddTicks(1) };

        (await KeyAsync(again)).ShouldNotBe(await KeyAsync(image));
    }

    [Fact]
    public async Task So_has_another_program_and_another_user()
    {
        var image = await ImageAsync();
        var key = await KeyAsync(image);

        (await KeyAsync(image, new HostUser("otto", 1001, 1000))).ShouldNotBe(key);
        Fingerprint("qemu 9.0 on this processor");
        (await KeyAsync(image)).ShouldNotBe(key);
    }

    [Fact]
    public async Task An_image_that_is_read_again_keeps_its_template()
    {
        var image = await ImageAsync();

        (await KeyAsync(new ImageStore(home.Paths).Find(image.Hash)!)).ShouldBe(await KeyAsync(image));
    }

    private static string Name => new('a', 32);

    private void Fingerprint(string text) => engine.FingerprintAsync(default!, default).ReturnsForAnyArgs(text);

    private Task<Image> ImageAsync() => home.CommitAsync(Name);

    private Task<string> KeyAsync(Image image, HostUser? user = null) => TemplateKey.OfAsync(
        engine,
        image,
        new MachineSpec
        {
            Id = "m",
            Folder = home.Home,
            RuntimeFolder = home.Home,
            Image = image.Boot,
            Cpus = 2,
            MemoryBytes = 1L << 30,
            DiskBytes = 1L << 33,
            Shares = [],
            Volumes = [],
            Identity = new Dictionary<string, string>(),
        },
        user ?? new HostUser("otto", 1000, 1000),
        TestContext.Current.CancellationToken);
}
