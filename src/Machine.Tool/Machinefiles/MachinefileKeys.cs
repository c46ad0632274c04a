using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Every key of a Machinefile, described once. The reader checks a file against this tree, and the JSON schema and the
/// reference in docs/machinefile.md are printed from it.
/// </summary>
internal static class MachinefileKeys
{
    /// <summary>A placeholder that nobody takes for a real sum.</summary>
    public const string SampleSha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private const long MostDisk = 16 * ByteSize.TiB;

    public static readonly Key ImagePath = new(
        "path", "A qcow2 disk on this host, absolute or relative to the project; `~/` is your home folder.", PathRules.Host, null,
        "image: { path: ../base.qcow2, sha256: " + SampleSha256 + " }");

    public static readonly Key ImageUrl = new(
        "url", "A qcow2 disk that this host downloads once, over http or https.",
        new TextShape("an http or https URL", "^https?://[^\\s@]+$", "https://mirror.example.com/base.qcow2", UrlFlaw), null,
        "image: { url: \"https://mirror.example.com/base.qcow2\", sha256: " + SampleSha256 + " }");

    public static readonly Key ImageSha256 = new(
        "sha256", "The disk's SHA-256 in hex. A disk with another content is refused.",
        new TextShape("a SHA-256 (64 hex digits)", "^[0-9a-fA-F]{64}$", SampleSha256), null, ImagePath.Example, Required: true);

    public static readonly Key Image = new(
        "image", "The guest's operating system: a distribution, built from its packages, or a qcow2 cloud image by path or URL with its SHA-256 (a system with apt, systemd and cloud-init).",
        new EitherShape(
            new ChoiceShape(["debian/12", "debian/13"], [], DistributionFlaw),
            new MapShape("{ path or url, sha256 }", [ImagePath, ImageUrl, ImageSha256], ExactlyOne: ["path", "url"])),
        MachinefileDefaults.Image, "image: debian/13");

    public static readonly Key Sdk = new(
        "sdk", "The .NET SDK in the image: `global.json` takes the version that the project's global.json asks for (without one, the newest that this host has); an exact version; or `none`.",
        new TextShape("global.json, an exact SDK version or none", "^(global\\.json|none|[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{3}(-[0-9A-Za-z.-]+)?)$", "10.0.100"),
        MachinefileDefaults.Sdk, "sdk: 10.0.100");

    public static readonly Key Cpus = new(
        "cpus", "Virtual processors. Never more than this host has, whatever is written here.",
        new IntegerShape("a whole number", 1, 256), "2", "cpus: 1");

    public static readonly Key Memory = new(
        "memory", "The guest's memory. Without this key: 4GiB, but at most half of this host's memory. More than the host has is refused.",
        new SizeShape(512 * ByteSize.MiB, 4 * ByteSize.TiB), "4GiB", "memory: 2GiB");

    public static readonly Key Disk = new(
        "disk", "Limit of the machine's own disk. It is ephemeral (gone with `stop`) and takes no room on the host before it is written.",
        new SizeShape(4 * ByteSize.GiB, MostDisk), "20GiB", "disk: 40GiB");

    public static readonly Key Packages = new(
        "packages", "Packages of the distribution that the image holds, with `=version` where it must be exact. Replaces the default list.",
        new ListShape("a list of package names", NameRules.Package), "[git]", "packages: [git, nodejs, npm]");

    public static readonly Key ToolsNpm = new(
        "npm", "npm packages, installed globally into the image. Needs `nodejs` and `npm` in `packages`.",
        new ListShape("a list of npm packages", NameRules.Npm), "[]", "tools: { npm: [\"typescript@5.9.2\"] }");

    public static readonly Key ToolsDotnet = new(
        "dotnet", "dotnet tools, installed into the image: `id` or `id@version`.",
        new ListShape("a list of dotnet tools", NameRules.DotnetTool), "[]", "tools: { dotnet: [\"dotnet-ef@10.0.0\"] }");

    public static readonly Key Tools = new(
        "tools", "Tools from your own package feeds, never a project's, installed into the image.",
        new MapShape("a map with npm and dotnet", [ToolsNpm, ToolsDotnet]), "{}", ToolsNpm.Example);

    public static readonly Key Docker = new(
        "docker", "Docker inside: its daemon (started by its first use), its command line and compose from the distribution's packages, and a volume `docker` of 20GiB for images at `/var/lib/docker` (declare a volume at that place for another size). Containers are under the machine's own rules.",
        new BooleanShape(), "false", "docker: true");

    public static readonly Key Env = new(
        "env", "Variables of every command in the guest. A name without a value passes this host's value in (asks for approval).",
        new MapShape("a map of names and values", [], NameRules.Variable, new VariableShape()), "{}",
        "env: { ASPNETCORE_ENVIRONMENT: Development, LICENSE_KEY: }");

    public static readonly Key Ports = new(
        "ports", "TCP ports of the guest that this host's loopback reaches (asks for approval): one number for the same port on both ends, or `\"host:guest\"`.",
        new ListShape("a list of ports", new PortShape()), "[]", "ports: [5000, \"8080:80\"]");

    public static readonly Key ShareHost = new(
        "host", "A folder of this host, absolute or relative to the project; `~/` is your home folder. Folders with credentials, of the system and of this tool are refused.",
        PathRules.Host, null, "shares: [{ host: ../data, guest: /data }]", Required: true);

    public static readonly Key ShareGuest = new(
        "guest", "Where the guest sees it: an absolute path outside the guest's system and the project.", PathRules.Guest, null, ShareHost.Example, Required: true);

    public static readonly Key ShareWrite = new(
        "write", "Whether the guest may write it.", new BooleanShape(), "false", "shares: [{ host: ../data, guest: /data, write: true }]");

    public static readonly Key Shares = new(
        "shares", "Further folders of this host (asks for approval).",
        new ListShape("a list of shares", new MapShape("{ host, guest, write }", [ShareHost, ShareGuest, ShareWrite])), "[]", ShareHost.Example);

    public static readonly Key VolumeGuest = new(
        "guest", "Where it is mounted: an absolute path outside the guest's system and the project.", PathRules.Guest, null,
        "volumes: { db: { guest: /var/lib/postgresql, size: 5GiB } }", Required: true);

    public static readonly Key VolumeSize = new(
        "size", "Limit of the disk; it grows as it is written.",
        new SizeShape(64 * ByteSize.MiB, MostDisk), "10GiB", VolumeGuest.Example);

    public static readonly Key PackagesVolumeSize = new(
        "size", "Limit of the package cache's disk; it grows as it is written.",
        new SizeShape(64 * ByteSize.MiB, MostDisk), "20GiB", "volumes: { packages: { size: 40GiB } }");

    public static readonly Key PackagesVolume = new(
        MachinefileDefaults.PackagesVolume, "The volume of NuGet's, npm's and pip's package caches: `default`, `none`, or its size.",
        new EitherShape(new ChoiceShape(["default", "none"], []), new MapShape("{ size }", [PackagesVolumeSize])), "default", "volumes: { packages: none }");

    public static readonly Key Volumes = new(
        "volumes", "Disks that outlive the machine, by name.",
        new MapShape("a map of volumes", [PackagesVolume], NameRules.Volume, new MapShape("{ guest, size }", [VolumeGuest, VolumeSize])),
        "{ packages: default }", VolumeGuest.Example);

    public static readonly Key Mode = new(
        "mode", "How the guest sees the project: `overlay` is the host's tree below, read-only, and the guest's changes above. (`mount` and `sync` are not available yet.)",
        new ChoiceShape(["overlay"], ["mount", "sync"]), "overlay", "workspace: { mode: overlay }");

    public static readonly Key Outputs = new(
        "outputs", "Globs of what is imported from the guest without asking: `*` and `?` within a name, `**` for any number of folders, `<project>/` at the beginning for every folder that holds a project file (`*.csproj`, `*.fsproj`, `*.proj` and the like) on this host. Guarded files, and files of this host's own that did not come from the machine, are asked for all the same. Replaces the default list; more than the default asks for approval.",
        new ListShape("a list of globs", PathRules.Glob), "[\"<project>/bin/**\", \"artifacts/**\", \"**/TestResults/**\"]", "workspace: { outputs: [\"<project>/bin/**\", \"dist/**\"] }");

    public static readonly Key Changes = new(
        "changes", "What becomes of the guest's other changes: `ask` holds them and asks on a terminal, `hold` only holds them, `apply` imports source files (`.cs`, `.razor`, `.md` and the like) without asking and holds the rest (asks for approval).",
        new ChoiceShape(["ask", "hold", "apply"], []), "ask", "workspace: { changes: hold }");

    public static readonly Key Workspace = new(
        "workspace", "The project as the guest sees it, and what comes back.",
        new MapShape("a map with mode, outputs and changes", [Mode, Outputs, Changes]), "{}", Outputs.Example);

    public static readonly Key Provision = new(
        "provision", "Scripts of the project that run as root in the image build, in this order (asks for approval). Their content is part of the image's hash.",
        new ListShape("a list of scripts", PathRules.Script), "[]", "provision: [./machine/setup.sh]");

    public static readonly Key Accelerator = new(
        "accelerator", "`required` refuses to start where this host has no working hardware acceleration. `any` emulates the processor there, which the emulator's developers do not consider a boundary (`dotnet machine docs limits`). The variable MACHINE_ACCELERATOR=required says the same for all projects of a user.",
        new ChoiceShape(["any", "required"], []), "any", "accelerator: required");

    public static readonly Key Idle = new(
        "idle", "How long a machine that nobody uses stays up before it is suspended to disk, or `never`. The next command brings it back as it was.",
        new TextShape("a time (90s, 15m, 2h, 1d) or never", "^(never|[1-9][0-9]{0,4}[smhd])$", "15m"), "15m", "idle: 1h");

    public static readonly Key NetworkName = new(
        "name", "The server, or the repositories, as a rule of `allow` names them.", NameRules.Server, null, "network: { allow: [{ name: git.corp.example, private: true }] }", Required: true);

    public static readonly Key NetworkPrivate = new(
        "private", "Whether it may have an address of a private network (10.0.0.0/8 and the like). This host's own addresses stay out of reach.", new BooleanShape(), "false", NetworkName.Example);

    public static readonly Key NetworkAllow = new(
        "allow", "Servers that the machine may reach (asks for approval): `api.example.com` (HTTPS at 443, HTTP at 80), `\"*.example.com\"` for all below a name (in quotes), `db.example.com:5432` for another port, `mail.example.com:587/tcp` where TLS does not begin with the first byte. Presets: `anthropic`, `openai`, `github`; `npm`, `pypi` and `apt` are served by this host, with its own registry, index, mirror and password. At ports of TLS the connection's greeting must name that very server. `\"git:git.example.com/acme/*\"` lets git clone and fetch those repositories with your credentials, which stay on the host; `\"git+push:git.example.com/acme/shop\"` lets it push as well.",
        new ListShape("a list of servers", new EitherShape(NameRules.Server, new MapShape("{ name, private }", [NetworkName, NetworkPrivate]))), "[]", "network: { allow: [api.example.com, \"*.example.org\", \"db.example.com:5432\"] }");

    public static readonly Key NetworkDeny = new(
        "deny", "Servers and repositories that it may not reach, whoever allows them; `git+push:…` keeps it from pushing alone.",
        new ListShape("a list of servers", NameRules.Server), "[]", "network: { allow: [\"*.example.com\"], deny: [telemetry.example.com] }");

    public static readonly Key Network = new(
        "network", "What the machine may reach beyond the package feed, by name. With nothing here, nothing.",
        new MapShape("a map with allow and deny", [NetworkAllow, NetworkDeny]), "{}", NetworkAllow.Example);

    public static readonly Key SecretFile = new(
        "file", "A file of this host, outside the project; `~/` is your home folder.", PathRules.Host, null, "secrets: { CORP: { from: { file: ~/.config/corp/token }, to: api.corp.example } }");

    public static readonly Key SecretCommand = new(
        "command", "A program of this host's PATH, and its arguments; nothing of the project. Its first line is the secret.",
        new ListShape("a program and its arguments", new TextShape("a word of printable ASCII", "^[ -~]{1,1000}$", "pass")), null, "secrets: { CORP: { from: { command: [pass, show, corp/api] }, to: api.corp.example } }");

    public static readonly Key SecretFrom = new(
        "from", "Where this host has it: `env` (a variable of the secret's name, of whoever runs a command), `git-credential` (what your git's credential helpers have for the server), `{ file }` or `{ command }`.",
        new EitherShape(new ChoiceShape(["env", "git-credential"], []), new MapShape("{ file } or { command }", [SecretFile, SecretCommand], ExactlyOne: ["file", "command"])), null,
        "secrets: { STRIPE: { from: env, to: api.stripe.com } }", Required: true);

    public static readonly Key SecretTo = new(
        "to", "The one server that gets it, over TLS: `api.example.com`, or with a port.", NameRules.OneServer, null, SecretFrom.Example, Required: true);

    public static readonly Key SecretHeader = new(
        "header", "The header that is the secret. Without this key: `Authorization: Bearer …`, from `git-credential` `Authorization: Basic …`, with `api: anthropic` `x-api-key`.",
        new TextShape("the name of a header that is a secret", "^(?!(?i:host|connection|transfer-encoding|upgrade|te|trailer|expect|expires|allow|last-modified|range|date|via|cookie|origin|referer|user-agent|traceparent|tracestate|forwarded|x-request-id|x-correlation-id|(content|accept|sec|if|access-control|x-forwarded)(-.*)?)$)[A-Za-z][A-Za-z0-9-]{0,63}$", "X-Api-Key"), null, "secrets: { CORP: { from: env, to: api.corp.example, header: X-Api-Key } }");

    public static readonly Key SecretApi = new(
        "api", "A model's API: its tokens are counted, and programs inside find it by their own variables (`ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`).",
        new ChoiceShape(["anthropic", "openai"], []), null, "secrets: { ANTHROPIC_API_KEY: { from: env, to: api.anthropic.com, api: anthropic, tokens: 2000000 } }");

    public static readonly Key SecretTokens = new(
        "tokens", "How many tokens of the model a day (of UTC) this project may take; then requests are refused until the next. One that runs is not cut off.",
        new IntegerShape("a number of tokens", 1, 1_000_000_000), null, SecretApi.Example);

    public static readonly Key SecretPrivate = new(
        "private", "Whether the server may have an address of a private network.", new BooleanShape(), "false", "secrets: { CORP: { from: env, to: api.corp.example, private: true } }");

    public static readonly Key Secrets = new(
        "secrets", "Secrets that stay on this host (each asks for approval): the guest talks to `http://NAME.secret.internal` (small letters, `-` for `_`; the variable `MACHINE_SECRET_NAME` holds it), and this host sends that on to one server with the secret in a header.",
        new MapShape("a map of secrets", [], NameRules.Secret, new MapShape("{ from, to, header, api, tokens, private }", [SecretFrom, SecretTo, SecretHeader, SecretApi, SecretTokens, SecretPrivate])), "{}", SecretFrom.Example);

    public static readonly Key RestoreCooldown = new(
        "cooldown", "How long ago a version must have been published; a younger one does not exist for the machine. A version whose source gives no date comes in where a lock file of the project names it, or this host has kept it for as long.",
        new TextShape("a time (90s, 15m, 2h, 1d)", $"^{ShortTime.Pattern}$", "3d"), null, "restore: { cooldown: 3d }");

    public static readonly Key RestoreVulnerabilities = new(
        "vulnerabilities", "A version of NuGet's with a known advisory of this severity or a worse one is refused.",
        new ChoiceShape(RestoreSettings.Severities, []), null, "restore: { vulnerabilities: high }");

    public static readonly Key RestoreAllow = new(
        "allow", "Packages that may come in; with anything here, no others. An id of NuGet's, or `npm:` and a name of npm's (`npm:@scope/*`), or `pypi:` and a name of Python's; `*` is any number of characters, and needs quotes where it comes first.",
        new ListShape("a list of packages", NameRules.PackagePattern), "[]", "restore: { allow: [Microsoft.*, \"npm:@company/*\"] }");

    public static readonly Key RestoreDeny = new(
        "deny", "Packages that may not come in, whoever allows them.",
        new ListShape("a list of packages", NameRules.PackagePattern), "[]", "restore: { deny: [Evil.*, \"npm:event-stream\"] }");

    public static readonly Key Restore = new(
        "restore", "Which packages may come in. Every rule narrows; one that is taken away later asks for approval. Images and their tools, which projects share, are outside of it.",
        new MapShape("a map with cooldown, vulnerabilities, allow and deny", [RestoreCooldown, RestoreVulnerabilities, RestoreAllow, RestoreDeny]), "{}", RestoreCooldown.Example);

    /// <summary>The file itself.</summary>
    public static readonly MapShape Root = new(
        "a map of keys",
        [
            Image, Sdk, Cpus, Memory, Disk, Accelerator, Packages, Tools, Docker, Env, Ports, Shares, Volumes, Workspace, Network, Secrets,
            Restore,
            Idle,
            Provision,
        ]);

    private static Flaw? UrlFlaw(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url.UserInfo.Length == 0 ? null : new Flaw($"{Printable.Quote(text)} holds a user name or password", "use an address that needs none")
            : new Flaw($"{Printable.Quote(text)} is not an http or https URL", "for a file of this host write image: { path: …, sha256: … }");

    private static Flaw? DistributionFlaw(string text) =>
        text.Contains("://", StringComparison.Ordinal) ? new Flaw($"{Printable.Quote(text)}: a URL needs its SHA-256", "write image: { url: …, sha256: … }")
        : text.EndsWith(".qcow2", StringComparison.Ordinal) || text.EndsWith(".img", StringComparison.Ordinal) || text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~')
            ? new Flaw($"{Printable.Quote(text)}: a disk needs its SHA-256", "write image: { path: …, sha256: … }")
        : null;
}
