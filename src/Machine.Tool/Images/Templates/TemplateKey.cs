using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Images.Templates;

/// <summary>A template's name: a hash of everything that decides whether a machine can thaw from it.</summary>
internal static class TemplateKey
{
    private const int Length = 32;

    /// <summary>Raised when a template made by the code around the scripts must not be reused.</summary>
    private const int Version = 3;

    private static readonly string[] Scripts = ["identity.pl", "user.sh", "heat.sh", "heat.lock.json"];

    public static async Task<string> OfAsync(ITemplateEngine engine, Image image, MachineSpec spec, HostUser user, CancellationToken cancel)
    {
        var machine = await engine.FingerprintAsync(spec, cancel);
        string[] parts =
        [
            // A hash names what an image was asked to be. One that was removed and built again may hold newer packages, and another kernel.
            $"{Version}", image.Hash, $"{image.Created.UtcTicks}", machine, $"{user.Name} {user.UserId} {user.GroupId}",
            // Servers are told apart by the variables that they were started with.
            .. BuildEnvironment.Of(user).Select(variable => $"{variable.Key}={variable.Value}"),
            .. Scripts.Select(GuestResource.Read),
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))))[..Length];
    }
}
