using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>The variables that every command inside has, whatever the project; a template is heated with the same.</summary>
internal static class BuildEnvironment
{
    public static Dictionary<string, string> Of(HostUser user) => new(StringComparer.Ordinal)
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

        // The servers that a template brings hot; a build that starts its own pays for the start every time.
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "1",

        // Packages and the feed: as variables they reach MSBuild as properties too, over any nuget.config of the project.
        ["NUGET_PACKAGES"] = GuestLayout.PackageCache + "/nuget",
        ["RestoreConfigFile"] = GuestLayout.NuGetConfig,
        // The host has verified each package. Inside, a certificate's issuer would be asked at each one, and not be reached.
        ["NUGET_CERT_REVOCATION_MODE"] = "offline",
        ["npm_config_cache"] = GuestLayout.PackageCache + "/npm",
        ["npm_config_update_notifier"] = "false",
        // A variable wins over the registry of a project's .npmrc, and the addresses of a lock file are asked for at this one.
        ["npm_config_registry"] = GuestLayout.NpmUrl,
        ["npm_config_replace_registry_host"] = "always",
        ["COREPACK_NPM_REGISTRY"] = GuestLayout.NpmUrl.TrimEnd('/'),
        ["YARN_REGISTRY"] = GuestLayout.NpmUrl,
        ["YARN_NPM_REGISTRY_SERVER"] = GuestLayout.NpmUrl.TrimEnd('/'),
        ["YARN_UNSAFE_HTTP_WHITELIST"] = "127.0.0.1",
        ["BUN_CONFIG_REGISTRY"] = GuestLayout.NpmUrl,

        ["PIP_INDEX_URL"] = GuestLayout.PypiUrl,
        ["PIP_CACHE_DIR"] = GuestLayout.PackageCache + "/pip",
        ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
        ["UV_DEFAULT_INDEX"] = GuestLayout.PypiUrl,
        ["UV_CACHE_DIR"] = GuestLayout.PackageCache + "/uv",

        // `git status` would write the index, and so make every look a change.
        ["GIT_OPTIONAL_LOCKS"] = "0",
    };
}
