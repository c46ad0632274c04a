using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Store;
using Machine.Tool.Sdks;

namespace Machine.Tool.Images;

/// <summary>
/// An image's name: a hash of everything that decides its content. A project's key is not part of it, for no image holds
/// one: keys are handed to a machine when it boots.
/// </summary>
internal static class ImageHash
{
    private const int Length = 32;

    private static string Recipe { get; } =
        ImageRecipe.Version + "\n" + ImageRecipe.KernelArguments + "\n" + string.Join('\n', DistributionBuild.DpkgOptions())
            + string.Join('\n', ImageRecipe.Files.Select(file => file.Key + "\n" + file.Value));

    public static string Of(string inputs) => Hex(inputs)[..Length];

    /// <summary>Everything that decides, as text; kept beside the image, so that whoever gets a copy can tell that its name is not made up.</summary>
    public static string Inputs(ImageRequest request, SdkSource? sdk, TrustStore trust) =>
        Inputs(request, sdk?.Identity ?? [], trust.Certificates.Values, Distribution.Architecture, Recipe);

    internal static string Inputs(
        ImageRequest request, IEnumerable<string> sdk, IEnumerable<string> certificates, string architecture, string recipe) =>
        Text(request, sdk, certificates.Select(Hex).Order(StringComparer.Ordinal), architecture, recipe);

    /// <summary>
    /// Whether these are what decides about the request, here: the recipe and the processor are this tool's and this host's, and what the
    /// request says is what they say. Contents of certificates and of the SDK are told by hash, and taken as told.
    /// </summary>
    public static bool AreOf(string inputs, ImageRequest request)
    {
        try
        {
            using var json = JsonDocument.Parse(inputs);
            return Text(request, Strings(json.RootElement, "sdk"), Strings(json.RootElement, "certificates"), Distribution.Architecture, Recipe) == inputs;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    private static string Text(
        ImageRequest request, IEnumerable<string> sdk, IEnumerable<string> certificates, string architecture, string recipe) =>
        JsonSerializer.Serialize(
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
                // Tools are their bytes; the words that asked for them decide nothing more.
                tools = Sorted(request.Tools.Select(tool => tool.ToString())),
                // Scripts build on one another: the order is part of it, the place they lie in is not.
                provision = request.Provision.Select(script => script.Sha256),
                certificates,
            },
            JsonState.Options);

    private static List<string> Strings(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static IEnumerable<string> Sorted(IEnumerable<string> items) => items.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
