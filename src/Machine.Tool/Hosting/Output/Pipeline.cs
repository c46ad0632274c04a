namespace Machine.Tool.Hosting.Output;

/// <summary>A pipeline's runner that reads this process's output, and obeys commands in it.</summary>
internal static class Pipeline
{
    /// <summary>Set to anything but 0: what a guest writes passes as it is.</summary>
    public const string RawVariable = "MACHINE_RAW";

    public static bool IsRaw => Environment.GetEnvironmentVariable(RawVariable) is { Length: > 0 } and not "0";

    // Forgejo, Gitea and act say that they are GitHub.
    public static bool IsThere =>
        Environment.GetEnvironmentVariable("GITHUB_ACTIONS") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("TF_BUILD") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("TEAMCITY_VERSION") is { Length: > 0 };
}
