using System.Text.Json;
using Machine.Tool.Guests;

namespace Machine.Tool.Images.Cloud;

/// <summary>
/// What a cloud image is told when it boots for the first time: cloud-init's NoCloud source.
/// https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
/// </summary>
internal static class CloudSeed
{
    public static void Write(string folder, GuestIdentity identity)
    {
        Directory.CreateDirectory(folder);
        var login = File.ReadAllText(identity.LoginKey + ".pub");
        var config = new Dictionary<string, object>
        {
            ["disable_root"] = false,
            ["ssh_pwauth"] = false,
            ["ssh_deletekeys"] = true,
            ["ssh_genkeytypes"] = Array.Empty<string>(),
            ["ssh_keys"] = new Dictionary<string, string>
            {
                ["ed25519_private"] = File.ReadAllText(identity.HostKey),
                ["ed25519_public"] = File.ReadAllText(identity.HostKey + ".pub").Trim(),
            },
            // No user of the image's own: the machine's user comes with each machine.
            ["users"] = new[] { new Dictionary<string, object> { ["name"] = "root", ["lock_passwd"] = false, ["ssh_authorized_keys"] = new[] { login.Trim() } } },
            ["package_update"] = false,
            ["package_upgrade"] = false,
        };
        // JSON is YAML.
        File.WriteAllText(Path.Combine(folder, "user-data"), "#cloud-config\n" + JsonSerializer.Serialize(config) + "\n");
        File.WriteAllText(Path.Combine(folder, "meta-data"), $$"""{"instance-id": "{{Guid.NewGuid():N}}", "local-hostname": "image-build"}""" + "\n");
    }
}
