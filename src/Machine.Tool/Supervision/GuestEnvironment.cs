using Machine.Tool.Guest;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Supervision;

/// <summary>
/// The variables of a command. The host's own are full of secrets, so only names that describe the terminal, the
/// language and the build are handed on; anything else is declared in the Machinefile or given with -e.
/// </summary>
internal static class GuestEnvironment
{
    private static readonly string[] Passed =
    [
        "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES",
        "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "TZ",
        "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "BUILD_BUILDNUMBER", "BUILD_BUILDID", "GITHUB_RUN_NUMBER", "GITHUB_SHA", "GITHUB_REF", "CI_COMMIT_SHA",
        "DOTNET_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_CLI_UI_LANGUAGE", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
        "DOTNET_NOLOGO", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION",
        "MSBUILDTERMINALLOGGER", "MSBUILDDISABLENODEREUSE", "MSBUILDDEBUGENGINE", "VSTEST_HOST_DEBUG", "VSTEST_CONNECTION_TIMEOUT", "ContinuousIntegrationBuild",
        "DOTNET_WATCH_RESTART_ON_RUDE_EDIT", "DOTNET_USE_POLLING_FILE_WATCHER",
    ];

    public static Dictionary<string, string> For(Machinefile machinefile, HostUser user, IReadOnlyDictionary<string, string?> extra)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = user.GuestHome,
            ["USER"] = user.Name,
            ["LOGNAME"] = user.Name,
            ["SHELL"] = "/bin/bash",
            ["LANG"] = "C.UTF-8",
            [InsideVariables.Inside] = InsideVariables.InsideValue,
            [InsideVariables.Switch] = InsideVariables.SwitchValue,
            ["DOTNET_ROOT"] = GuestLayout.DotnetRoot,
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE"] = "1",
            ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",

            // Packages and the feed: as variables they reach MSBuild as properties too, over any nuget.config of the project.
            ["NUGET_PACKAGES"] = GuestLayout.PackageCache + "/nuget",
            ["RestoreConfigFile"] = GuestLayout.NuGetConfig,
            ["npm_config_cache"] = GuestLayout.PackageCache + "/npm",
            ["npm_config_update_notifier"] = "false",

            // `git status` would write the index, and so make every look a change.
            ["GIT_OPTIONAL_LOCKS"] = "0",
        };
        foreach (var name in Passed)
        {
            Pass(variables, name);
        }

        foreach (var (name, value) in machinefile.Env.Concat(extra))
        {
            if (value is null)
            {
                Pass(variables, name);
            }
            else
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static void Pass(Dictionary<string, string> variables, string name)
    {
        if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
        {
            variables[name] = value;
        }
    }
}
