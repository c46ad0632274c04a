namespace Machine.Tool.Workspaces;

/// <summary>
/// What tools on the host execute, or obey, because it lies there. Patterns are names of files or, with a '/' at the end, of folders
/// at any depth; they are compared after folding (<see cref="ImportGuard"/>). Every line says which tool and what it runs.
/// </summary>
internal static class GuardedFiles
{
    /// <summary>Found by being there, also from other folders: guarded in outputs too.</summary>
    public static IReadOnlyList<(string Pattern, string Reason)> Everywhere { get; } =
    [
        .. Because("git runs hooks, filters and programs that it names",
            ".git", ".git/", ".gitattributes", ".gitmodules", ".gitconfig", ".lfsconfig", ".githooks/", ".husky/", ".lefthook/",
            "lefthook.y*ml", "lefthook.json", "lefthook.toml", ".lefthook.*", ".pre-commit-config.y*ml", ".lintstagedrc*", "git~*"),
        // A folder with HEAD, objects and refs is a bare repository to git, and its config runs programs at "git status".
        .. Because("git takes a folder with this file for a repository and obeys its config", "HEAD"),
        .. Because("build servers run it after a push",
            ".github/", ".gitlab-ci.y*ml", ".gitlab/", ".circleci/", ".azuredevops/", ".azure-pipelines/", "azure-pipelines*.y*ml", ".travis.yml",
            "appveyor.y*ml", ".appveyor.y*ml", "Jenkinsfile*", ".gitea/", ".forgejo/", ".buildkite/", ".drone.y*ml", ".woodpecker*", "bitbucket-pipelines.yml", ".ci/", ".teamcity/"),
        .. Because("editors run its tasks, tests and debuggers",
            ".vscode/", ".idea/", ".vs/", ".fleet/", ".zed/", ".run/", ".settings/", ".devcontainer/", ".devcontainer.json", "*.code-workspace",
            "*.sublime-project", "launchSettings.json", "tasks.vs.json", "launch.vs.json", ".vsconfig", ".project", ".classpath", "nbproject/"),
        .. Because("editors execute it when a file beside it is opened",
            ".exrc", ".vimrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".dir-locals.el", ".dir-locals-2.el", ".gdbinit", ".lldbinit", "omnisharp.json"),
        .. Because("coding agents on the host obey it",
            ".claude/", ".cursor/", ".cursorrules", ".windsurf/", ".windsurfrules", ".gemini/", ".codex/", ".aider*", ".mcp.json", "AGENTS.md", "CLAUDE*.md", "GEMINI.md",
            "copilot-instructions.md", ".copilot/", ".continue/", ".clinerules*", ".roo/"),
        .. Because("MSBuild evaluates it", "*.props", "*.targets", "*.tasks", "*.overridetasks", "*.rsp", "*.*proj", "*.proj", "*.projitems", "*.user", "*.pubxml", "*.msbuild"),
        .. Because("IDEs and dotnet open the projects that it names", "*.sln*"),
        .. Because("the compiler or the SDK takes code or rules from it", ".editorconfig", "*.globalconfig", "*.ruleset", "*.runsettings", "*.testsettings", "*.tt", "*.t4"),
        .. Because("dotnet and NuGet obey it: SDKs, sources, tools", "global.json", "nuget.config", "dotnet-tools.json", ".config/", "packages.lock.json", "packages.config", "testconfig.json"),
        .. Because("this tool obeys it", "Machinefile", ".machine/"),
        .. Because("npm, yarn and pnpm run or fetch what it names", ".npmrc", ".yarnrc*", ".yarn/", ".pnp.*", ".pnpmfile.*", "pnpm-workspace.yaml"),
        .. Because("shells and version managers execute it on entering the folder",
            ".envrc", ".env", ".env.*", ".tool-versions", ".mise*", "mise.toml", "mise.*.toml", "mise/", ".rtx.toml", ".autoenv*", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".inputrc"),
        .. Because("desktops execute it or load what it names", "desktop.ini", "autorun.inf", "*.desktop", "*.lnk", "*.url", "*.scf", "*.library-ms", "*.directory"),
    ];

    /// <summary>Run when somebody calls it or a tool is pointed at its folder: guarded except in outputs, where nobody does.</summary>
    public static IReadOnlyList<(string Pattern, string Reason)> OutsideOutputs { get; } =
    [
        .. Because("a script",
            "*.sh", "*.bash", "*.zsh", "*.fish", "*.ksh", "*.ps1", "*.psm1", "*.psd1", "*.cmd", "*.bat", "*.com", "*.vbs", "*.vbe", "*.wsf", "*.jse", "*.hta", "*.command",
            "*.csx", "*.fsx", "*.cake", "*.py", "*.pyw", "*.pth", "*.pl", "*.rb", "*.awk", "*.reg"),
        .. Because("a program or a library that programs load",
            "*.exe", "*.dll", "*.so", "*.so.*", "*.dylib", "*.node", "*.jar", "*.war", "*.scr", "*.pif", "*.msi", "*.msix", "*.appx", "*.vsix", "*.nupkg", "*.wasm", "*.deb", "*.rpm", "*.pyd", "*.pyc"),
        .. Because("package managers and build tools run its scripts",
            "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock*", "deno.json*", "libman.json", "bower.json",
            "Makefile*", "GNUmakefile", "*.mk", "makefile.*", "CMakeLists.txt", "CMake*Presets.json", "*.cmake", "meson.build", "justfile", ".justfile", "Taskfile.y*ml", "Rakefile", "Gemfile*", "*.gemspec",
            "pyproject.toml", "setup.cfg", "tox.ini", "Pipfile*", "requirements*.txt", "build.gradle*", "settings.gradle*", "*.gradle", "*.gradle.kts", "gradlew", "mvnw", ".mvn/", "pom.xml", "build.xml",
            "Cargo.toml", "Cargo.lock", ".cargo/", "build.rs", "*.bazel", "*.bzl", "WORKSPACE", "BUILD", ".bazelrc", "Vagrantfile", "Tiltfile", "Brewfile", "Earthfile", "*.nix", "flake.lock"),
        .. Because("containers are built and started from it", "Dockerfile*", "*.dockerfile", "Containerfile*", "docker-compose*.y*ml", "compose*.y*ml", "docker-bake.*", "*.tf", "*.tfvars"),
        .. Because("editors and build tools execute it as code",
            "*.config.js", "*.config.cjs", "*.config.mjs", "*.config.ts", "*.config.cts", "*.config.mts", "gulpfile.*", "Gruntfile.*", ".eslintrc*", ".prettierrc*", ".babelrc*", ".stylelintrc*", ".swcrc",
            ".postcssrc*", ".mocharc*", ".nycrc*", "tsconfig*.json", "jsconfig*.json", "jest.*.js", "conftest.*", "sitecustomize.*"),
    ];

    /// <summary>Never imported, never listed: MSBuild's intermediate files import targets from there, and the shim lies in <c>.machine</c>.</summary>
    public static IReadOnlyList<string> NeverListed { get; } = ["obj", ".machine"];

    private static IEnumerable<(string, string)> Because(string reason, params string[] patterns) => patterns.Select(pattern => (pattern, reason));
}
