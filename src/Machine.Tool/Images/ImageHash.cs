using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Sdks;

namespace Machine.Tool.Images;

/// <summary>
/// An image's name: a hash of everything that decides its content. A project's key is not part of it, for no image holds
/// one: keys are handed to a machine when it boots.
/// </summary>
internal static class ImageHash
{
    private const int Length = 32;

    public static string Of(ImageRequest request, SdkSource? sdk, TrustStore trust) => Of(
        request,
        sdk?.Identity ?? [],
        trust.Certificates.Values,
        Distribution.Architecture,
        ImageRecipe.Version + "\n" + ImageRecipe.KernelArguments + "\n" + string.Join('\n', DistributionBuild.DpkgOptions())
            + string.Join('\n', ImageRecipe.Files.Select(file => file.Key + "\n" + file.Value)));

    internal static string Of(
        ImageRequest request, IEnumerable<string> sdk, IEnumerable<string> certificates, string architecture, string recipe)
    {
        var text = JsonSerializer.Serialize(
            new
            {
                recipe = Hex(recipe),
                architecture,
                kernel = Distribution.TryFind(request.Base) is null ? null : Distribution.KernelPackage,
                // A disk is its content, wherever it lies.
                base_ = request.BaseSha256 is null ? request.Base : null,
                packages0 = Distribution.TryFind(request.Base)?.Packages,
                request.BaseSha256,
                request.SdkVersion,
                sdk,
                // Sets: the order in which they are written decides nothing.
                packages = Sorted(request.Packages),
                npm = Sorted(request.NpmTools),
                dotnet = Sorted(request.DotnetTools),
                // Scripts build on one another: the order is part of it, the place they lie in is not.
                provision = request.Provision.Select(Content),
                certificates = certificates.Select(Hex).Order(StringComparer.Ordinal),
            },
            JsonState.Options);
        return Hex(text)[..Length];
    }

    private static IEnumerable<string> Sorted(IEnumerable<string> items) => items.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static string Content(string script)
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(script)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"provision: {script} can't be read: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
