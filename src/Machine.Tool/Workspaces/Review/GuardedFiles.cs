namespace Machine.Tool.Workspaces.Review;

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
        .. Because("its version control runs hooks, extensions and programs that it names",
            ".hg/", ".hgrc", ".hgignore", ".hgsub", ".hgsubstate", ".hgeol", ".sl/", ".jj/", "_darcs/", ".bzr/", ".bzrignore", ".svn/", "CVS/", ".fslckout", "_FOSSIL_", ".fossil-settings/", ".pijul/", ".p4config", ".tf/", "$tf/", ".gitlint", ".commitlintrc*"),
        // A folder with HEAD, objects and refs is a bare repository to git, and its config runs programs at "git status".
        .. Because("git takes a folder with this file for a repository and obeys its config", "HEAD"),
        .. Because("build servers run it after a push",
            ".github/", ".gitlab-ci.y*ml", ".gitlab/", ".circleci/", ".azuredevops/", ".azure-pipelines/", "azure-pipelines*.y*ml", ".travis.yml",
            "appveyor.y*ml", ".appveyor.y*ml", "Jenkinsfile*", ".gitea/", ".forgejo/", ".buildkite/", ".drone.y*ml", ".woodpecker*", "bitbucket-pipelines.yml", ".ci/", ".teamcity/",
            ".cirrus.y*ml", ".cirrus.star", "cloudbuild.y*ml", ".tekton/", ".builds/", ".build.yml", ".semaphore/", "buildspec*.y*ml", "appspec.y*ml", ".gitpod.y*ml", ".gitpod.Dockerfile", "Procfile*", ".wercker.yml", "wercker.yml",
            "codemagic.y*ml", "bitrise.y*ml", ".shippable.yml", "shippable.yml", ".scrutinizer.yml", ".codebuild/", ".harness/", ".dagger/", "dagger.json", ".screwdriver/", "screwdriver.y*ml", ".vela.y*ml",
            ".prow.y*ml", "skaffold.y*ml", ".sourcehut/", ".zuul.y*ml", "zuul.y*ml", ".zuul.d/", ".concourse/", ".argo/", ".gocd.y*ml", ".onedev-buildspec.yml", ".copr/", "render.y*ml", "fly.toml", "netlify.toml",
            "vercel.json", "renovate.json*", ".renovaterc*", ".mergify.yml", ".dependabot/", "azure.y*ml"),
        .. Because("editors run its tasks, tests and debuggers",
            ".vscode/", ".idea/", ".vs/", ".fleet/", ".zed/", ".run/", ".settings/", ".devcontainer/", ".devcontainer.json", "*.code-workspace",
            "*.sublime-project", "launchSettings.json", "tasks.vs.json", "launch.vs.json", ".vsconfig", ".project", ".classpath", "nbproject/",
            ".helix/", ".kateproject*", ".lapce/", ".nova/", ".theia/", ".cloud9/", ".c9/", ".atom/", ".brackets.json", ".netbeans/", ".metadata/", ".kdev4/", "*.kdev4", "*.pro.user*", ".qtcreator/", ".ionide/", ".metals/", ".bloop/", ".sublime/"),
        .. Because("editors execute it when a file beside it is opened",
            ".exrc", ".vimrc", ".nvimrc", ".nvim.lua", ".lvimrc", ".dir-locals.el", ".dir-locals-2.el", ".gdbinit", ".lldbinit", "omnisharp.json",
            ".exrc.lua", ".vim/", ".nvim/", ".nvimrc.lua", ".vimrc.local", ".local.vimrc", ".lvimrc.lua", ".ycm_extra_conf.py", ".emacs", ".emacs.d/", ".projectile", ".elpa/", "*.el", "*.elc", ".kakrc", ".nanorc", ".luarc.json*", ".neoconf.json", ".lazy.lua"),
        .. Because("coding agents on the host obey it",
            ".claude/", ".cursor/", ".cursorrules", ".windsurf/", ".windsurfrules", ".gemini/", ".codex/", ".aider*", ".mcp.json", "AGENTS.md", "CLAUDE*.md", "GEMINI.md",
            "copilot-instructions.md", ".copilot/", ".continue/", ".clinerules*", ".roo/",
            ".roomodes", ".kilocode/", ".kilocodemodes", ".kiro/", ".opencode/", "opencode.json*", ".junie/", ".amazonq/", ".agents/", ".agent/", "AGENT.md", "AGENTS.override.md", "QWEN.md", ".qwen/", ".crush.json", "crush.json", ".crush/", "CRUSH.md",
            ".goosehints", ".goose/", ".augment/", ".augment-guidelines", ".augmentrules", ".trae/", ".cody/", ".tabnine/", ".aiassistant/", ".mcp/", "mcp.json", ".warp/", "WARP.md", ".jules/", "JULES.md", ".factory/",
            ".openhands/", ".openhands_instructions", ".plandex*", ".devin/", ".amp/", ".ampcoderc", ".zencoder/", ".bolt/", ".replit", ".replit.md", ".rules", ".grok/", ".llm/", ".prompts/", ".codeium/", ".pearai/", ".void/", ".vibe/", ".mistral/", ".hermes/", "SKILL.md"),
        .. Because("MSBuild evaluates it", "*.props", "*.targets", "*.tasks", "*.overridetasks", "*.rsp", "*.*proj", "*.proj", "*.projitems", "*.user", "*.pubxml", "*.msbuild"),
        .. Because("IDEs and dotnet open the projects that it names", "*.sln*"),
        .. Because("the compiler or the SDK takes code or rules from it", ".editorconfig", "*.globalconfig", "*.ruleset", "*.runsettings", "*.testsettings", "*.tt", "*.t4"),
        .. Because("dotnet and NuGet obey it: SDKs, sources, tools", "global.json", "nuget.config", "dotnet-tools.json", ".config/", "packages.lock.json", "packages.config", "testconfig.json"),
        .. Because("this tool obeys it", "Machinefile", ".machine/"),
        .. Because("npm, yarn and pnpm run or fetch what it names", ".npmrc", ".yarnrc*", ".yarn/", ".pnp.*", ".pnpmfile.*", "pnpm-workspace.yaml"),
        .. Because("shells and version managers execute it on entering the folder",
            ".envrc", ".env", ".env.*", ".tool-versions", ".mise*", "mise.toml", "mise.*.toml", "mise/", ".rtx.toml", ".autoenv*", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".inputrc",
            ".zprofile", ".zlogin", ".kshrc", ".shellrc", ".in", ".out", ".autoenv.zsh", ".rvmrc", ".ruby-version", ".python-version", ".node-version", ".nvmrc", ".java-version", ".sdkmanrc", ".proto/", ".prototools", "devbox.json", "devenv.*", ".flox/", ".pixi/", "shell.nix", "flake.nix", ".screenrc", ".tmux.conf"),
        .. Because("desktops execute it or load what it names", "desktop.ini", "autorun.inf", "*.desktop", "*.lnk", "*.url", "*.scf", "*.library-ms", "*.directory",
            "*.inetloc", "*.webloc", "*.fileloc", "*.terminal", "*.searchConnector-ms", "*.search-ms", "*.appref-ms", "*.settingcontent-ms", "*.theme", "*.themepack", "*.diagcab", "*.mobileconfig", "*.tool"),
    ];

    /// <summary>Run when somebody calls it or a tool is pointed at its folder: guarded except in outputs, where nobody does.</summary>
    public static IReadOnlyList<(string Pattern, string Reason)> OutsideOutputs { get; } =
    [
        .. Because("a script",
            "*.sh", "*.bash", "*.zsh", "*.fish", "*.ksh", "*.ps1", "*.psm1", "*.psd1", "*.cmd", "*.bat", "*.com", "*.vbs", "*.vbe", "*.wsf", "*.jse", "*.hta", "*.command",
            "*.csx", "*.fsx", "*.cake", "*.py", "*.pyw", "*.pth", "*.pl", "*.pm", "*.rb", "*.awk", "*.reg",
            "*.js", "*.mjs", "*.cjs", "*.ps1xml", "*.psc1", "*.cdxml", "*.vb.ps1", "*.php", "*.phtml", "*.lua", "*.groovy", "*.kts", "*.applescript", "*.scpt", "*.scptd", "*.jxa", "*.tcl", "*.ahk", "*.au3", "*.r", "*.jl", "*.ex", "*.exs", "*.nu", "*.xsh", "*.csh", "*.tcsh", "*.elv", "*.raku", "*.vim", "*.star", "*.msc", "*.wsh", "*.sct", "*.chm", "*.ipynb", "*.sed", "*.expect", "*.gd", "*.nsi", "*.iss"),
        .. Because("a program or a library that programs load",
            "*.exe", "*.dll", "*.so", "*.so.*", "*.dylib", "*.node", "*.jar", "*.war", "*.scr", "*.pif", "*.msi", "*.msix", "*.appx", "*.vsix", "*.nupkg", "*.wasm", "*.deb", "*.rpm", "*.pyd", "*.pyc", "*.pyz", "*.class", "*.phar", "*.gem", "*.whl", "*.crx", "*.xpi", "*.cpl", "*.ocx", "*.sys", "*.drv", "*.efi", "*.ko", "*.snupkg", "*.AppImage", "*.run", "*.pkg", "*.dmg", "*.swf", "*.a", "*.o", "*.lib", "*.bundle", "*.xll", "*.xlam", "*.xlsm", "*.docm", "*.dotm", "*.pptm"),
        .. Because("package managers and build tools run its scripts",
            "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock*", "deno.json*", "libman.json", "bower.json",
            "Makefile*", "GNUmakefile", "*.mk", "makefile.*", "CMakeLists.txt", "CMake*Presets.json", "*.cmake", "meson.build", "justfile", ".justfile", "Taskfile.y*ml", "Rakefile", "Gemfile*", "*.gemspec",
            "pyproject.toml", "setup.cfg", "tox.ini", "Pipfile*", "requirements*.txt", "build.gradle*", "settings.gradle*", "*.gradle", "*.gradle.kts", "gradlew", "mvnw", ".mvn/", "pom.xml", "build.xml",
            "Cargo.toml", "Cargo.lock", ".cargo/", "build.rs", "*.bazel", "*.bzl", "WORKSPACE", "BUILD", ".bazelrc", "Vagrantfile", "Tiltfile", "Brewfile", "Earthfile", "*.nix", "flake.lock",
            "composer.json", "composer.lock", "build.zig", "build.zig.zon", "mix.exs", "mix.lock", "rebar.config*", "stack.yaml", "*.cabal", "cabal.project*", "dune-project", "dune", "dune-workspace", "build.sbt", "*.sbt", "build.sc", "build.mill", "project.clj", "deps.edn", "shadow-cljs.edn", "bb.edn",
            "*.gradle.properties", "gradle.properties", "gradle-wrapper.properties", "ivy.xml", "SConstruct", "SConscript", "wscript", "waf", "configure", "configure.ac", "*.m4", "Jamroot", "BUCK", ".buckconfig", "MODULE.bazel*", "nx.json", "project.json", "turbo.json", "lerna.json", "rush.json", "angular.json", "workspace.json",
            "go.mod", "go.work", "go.sum", "magefile.*", "Podfile*", "Cartfile", "Package.swift", "Fastfile", "Appfile", "Dangerfile*", "Guardfile", "Capfile", "Thorfile", "Snakefile", "dodo.py", "noxfile.py", "tasks.py", "fabfile.py", "setup.py", "environment.y*ml", "poetry.lock", "uv.lock", "uv.toml", "pixi.toml", "Cask", "Eldev",
            "paket.dependencies", "paket.references", "paket.lock", "*.nuspec", "*.nuke", ".nuke/", "build.cake", "vcpkg.json", "conanfile.*", "xmake.lua", "premake*.lua", "meson_options.txt", "meson.options"),
        .. Because("containers are built and started from it", "Dockerfile*", "*.dockerfile", "Containerfile*", "docker-compose*.y*ml", "compose*.y*ml", "docker-bake.*", "*.tf", "*.tfvars", "*.tofu", "*.hcl", "terragrunt.hcl", "Pulumi*.y*ml", "serverless.y*ml", "template.y*ml", "samconfig.toml", "cdk.json", "Chart.yaml", "kustomization.y*ml", "helmfile.y*ml", "ansible.cfg", "playbook*.y*ml", "Vagrantfile.*"),
        .. Because("editors and build tools execute it as code",
            "*.config.js", "*.config.cjs", "*.config.mjs", "*.config.ts", "*.config.cts", "*.config.mts", "gulpfile.*", "Gruntfile.*", ".eslintrc*", ".prettierrc*", ".babelrc*", ".stylelintrc*", ".swcrc",
            ".postcssrc*", ".mocharc*", ".nycrc*", "tsconfig*.json", "jsconfig*.json", "jest.*.js", "conftest.*", "sitecustomize.*", "usercustomize.*",
            ".pylintrc", "pylintrc", ".rubocop.y*ml", ".rspec", ".pryrc", ".irbrc", ".mypy.ini", "mypy.ini", "pytest.ini", ".pytest.ini", "phpunit.xml*", ".php-cs-fixer*", "phpstan.neon*", ".phpactor.*", ".flake8", ".bandit", ".coveragerc", "ruff.toml", ".ruff.toml", ".perltidyrc", ".perlcriticrc", ".proverc",
            ".credo.exs", ".formatter.exs", ".iex.exs", ".ghci", ".Rprofile", ".Renviron", ".sqlfluff", ".yamllint*", ".markdownlint*", ".textlintrc*", ".remarkrc*", ".solhint*", "biome.json*", ".oxlintrc*", ".swiftlint.yml", ".golangci.*", ".clang-tidy", ".clang-format", "compile_commands.json", ".clangd", "rust-toolchain*", "rustfmt.toml", "clippy.toml",
            ".browserslistrc", ".releaserc*", ".c8rc*", ".taprc*", ".avarc", "karma.conf*", "protractor.conf*", "cypress.json", "playwright.*", "wdio.*", "nodemon.json", ".nodemonrc", ".watchmanconfig", ".parcelrc", ".terserrc*", ".npmpackagejsonlintrc*", "typedoc.json", ".storybook/", ".eleventy.*", "stylecop.json", "xunit.runner.json"),
    ];

    /// <summary>Never imported, never listed: MSBuild's intermediate files import targets from there, and the shim lies in <c>.machine</c>.</summary>
    public static IReadOnlyList<string> NeverListed { get; } = ["obj", ".machine"];

    private static IEnumerable<(string, string)> Because(string reason, params string[] patterns) => patterns.Select(pattern => (pattern, reason));
}
