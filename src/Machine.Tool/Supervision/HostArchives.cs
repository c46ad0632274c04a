using Machine.Tool.Images.Distributions;
using Machine.Tool.Packages;

namespace Machine.Tool.Supervision;

/// <summary>The archives of this host's own package manager, with its proxy and passwords.</summary>
internal static class HostArchives
{
    public static async Task<AptOrigin> FindAsync(CancellationToken cancel) =>
        new([.. DebianMirror.Addresses().Select(AptPasswords.Add)], await AptSettings.ProxyAsync(cancel));
}
