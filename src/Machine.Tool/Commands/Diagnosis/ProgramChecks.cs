using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>The programs of this host that are run.</summary>
internal static class ProgramChecks
{
    public static IEnumerable<CheckResult> All(HostProbe host)
    {
        yield return Program(host, "ssh", "openssh-client", "reaches the guest");
        yield return Program(host, "ssh-keygen", "openssh-client", "makes the keys of machines");
        if (host.IsLinux)
        {
            yield return Program(host, "mke2fs", "e2fsprogs", "makes the images' file systems");
            yield return Program(host, "mmdebstrap", "mmdebstrap", "builds images from packages");
        }
    }

    public static async Task<CheckResult> SdkAsync(HostProbe host, CancellationToken cancel)
    {
        const string Name = "dotnet";
        if (host.FindProgram("dotnet") is not { } program)
        {
            return new CheckResult(Name, CheckStatus.Failed, "dotnet is not on the PATH", "install the .NET SDK, or add its folder to PATH");
        }

        var result = await host.Run(program, ["--list-sdks"], cancel);
        var newest = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Split(' ')[0];
        return result.ExitCode == 0 && newest is not null
            ? CheckResult.Ok(Name, $"SDK {newest}")
            : new CheckResult(Name, CheckStatus.Failed, $"{program} has no SDK", "install the .NET SDK");
    }

    private static CheckResult Program(HostProbe host, string program, string package, string purpose) =>
        host.FindProgram(program) is { } path
            ? CheckResult.Ok(program, path)
            : new CheckResult(program, CheckStatus.Failed, $"{program}, which {purpose}, is not installed", HostProgram.InstallHint(package)) { Packages = [package] };
}
