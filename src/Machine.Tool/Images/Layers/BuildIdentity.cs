using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Layers;

/// <summary>Keys and name of a machine that lives for one image build; nothing of them is in the image.</summary>
/// <param name="PrivateKey">Path of the key that may log in; the public one lies beside it (<c>.pub</c>).</param>
/// <param name="HostKey">Path of the guest's own key, likewise.</param>
internal sealed record BuildIdentity(string PrivateKey, string HostKey, string KnownHosts, IReadOnlyDictionary<string, string> Files)
{
    public static async Task<BuildIdentity> CreateAsync(string folder, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(folder);
        var client = Path.Combine(folder, "client");
        var host = Path.Combine(folder, "host");
        var keygen = HostProgram.Require("ssh-keygen", "openssh-client");
        foreach (var key in new[] { client, host })
        {
            await HostProgram.RunAsync(keygen, ["-q", "-t", "ed25519", "-N", "", "-C", "machine", "-f", key], cancel);
        }

        var known = Path.Combine(folder, "known_hosts");
        await File.WriteAllTextAsync(known, $"machine {await File.ReadAllTextAsync(host + ".pub", cancel)}", cancel);
        var handed = MachinePaths.CreatePrivate(Path.Combine(folder, "handed"));
        return new BuildIdentity(client, host, known, await IdentityFiles.WriteAsync(handed, host, client + ".pub", "image-build", cancel));
    }
}
