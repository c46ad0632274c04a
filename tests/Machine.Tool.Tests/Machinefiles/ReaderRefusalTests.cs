using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;


namespace Machine.Tool.Tests.Machinefiles;

/// <summary>Each kind of error: where it is said to be, what is said to be wrong, what to write instead.</summary>
public sealed class ReaderRefusalTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    // Keys.
    [InlineData("sdk: none\nimge: debian/12", "2:1: unknown key `imge`", "did you mean `image`?")]
    [InlineData("prots: []", "1:1: unknown key `prots`", "did you mean `ports`?")]
    [InlineData("Memory: 4GiB", "1:1: unknown key `Memory`", "did you mean `memory`?")]
    [InlineData("workspace:\n  output: []", "2:3: unknown key `output` in workspace", "did you mean `outputs`?")]
    [InlineData("outputs: []", "1:1: unknown key `outputs`", "`outputs` belongs under `workspace`")]
    [InlineData("tools:\n  packages: []", "2:3: unknown key `packages` in tools", "`packages` is a key of the file itself")]
    [InlineData("volumes: { db: { guest: /db, sice: 1GiB } }", "1:30: unknown key `sice` in volumes.db", "did you mean `size`?")]
    [InlineData("zzzzzzzz: 1", "1:1: unknown key `zzzzzzzz`", "known keys: image, sdk")]
    [InlineData("<<: { cpus: 1 }", "1:1: unknown key `<<`", "known keys")]
    [InlineData("cpus: 1\ncpus: 2", "2:1: the key `cpus` is there twice, first in line 1", "remove one")]
    [InlineData("env: { A: 1, \"A\": 2 }", "1:14: the key `A` is there twice", "remove one")]
    [InlineData("[a]: 1", "1:1: a list can't be a key", "a key is a word")]
    [InlineData("restore: { cooldown: soon }", "1:22: restore.cooldown: `soon` is not a time", "for example 3d")]
    [InlineData("network: { allow: [feeds] }", "1:20: network.allow[0]: `feeds` is no preset", "presets are")]
    [InlineData("network: { allow: [\"*.co.uk\"] }", "1:20: network.allow[0]: `*.co.uk` would be every server of everybody", "*.example.co.uk")]
    [InlineData("network: { allow: [\"a.example.com:99999\"] }", "1:20: network.allow[0]: `a.example.com:99999` has the port `99999`", "1 to 65535")]
    [InlineData("network: { allow: [*.example.com] }", "1:20", "quotes")]
    [InlineData("network: { allow: [nuget] }", "1:20: network.allow[0]: \"nuget\" needs no rule", "leave it out")]
    [InlineData("network: { allow: [docker] }", "1:20: network.allow[0]: \"docker\" is no preset", "network learn -- docker pull IMAGE")]
    [InlineData("docker: yes", "1:9: docker: `yes` is not true or false", "for example true")]
    [InlineData("docker: \"true\"", "1:9: docker: `true` is not true or false", "for example true")]
    [InlineData("docker: { size: 5GiB }", "1:9: docker must be true or false, not a map", "")]
    [InlineData("docker: true\nvolumes: { docker: { guest: /data } }", "2:12: volumes: docker is the volume of Docker's images", "guest: /var/lib/docker")]
    [InlineData("docker: true\nvolumes: { other: { guest: /var/lib/docker/volumes } }", "1:9: `/var/lib/docker` overlaps `/var/lib/docker/volumes` of line 2", "side by side")]
    [InlineData("network: { allow: [{ name: npm, private: true }] }", "1:42: network: npm is served by this host", "write npm")]
    [InlineData("secrets: { key: { from: env, to: a.example } }", "1:12: ", "STRIPE")]
    [InlineData("secrets: { A: { from: env } }", "1:15: secrets.A: the key `to` is missing", "")]
    [InlineData("secrets: { A: { from: env, to: \"*.a.example\" } }", "1:32: secrets.A.to: `*.a.example` is many servers", "write its name")]
    [InlineData("secrets: { A: { from: env, to: 10.0.0.1 } }", "1:32: ", "")]
    [InlineData("secrets: { A: { from: env, to: a.example, tokens: 10 } }", "1:51: secrets: tokens are counted", "api: anthropic")]
    [InlineData("secrets: { A: { from: env, to: a.example, header: Host } }", "1:51: secrets.A.header: `Host` is not the name of a header that is a secret", "X-Api-Key")]
    [InlineData("secrets: { A: { from: env, to: a.example, header: content-type } }", "1:51: ", "X-Api-Key")]
    [InlineData("secrets: { A: { from: { command: [./get] }, to: a.example } }", "1:35: secrets: `./get` is no program's name", "PATH")]
    [InlineData("secrets: { A: { from: { command: [] }, to: a.example } }", "1:34: secrets: a command without a program", "pass")]
    [InlineData("secrets: { A: { from: { file: token }, to: a.example } }", "1:31: secrets: `token` lies in the project", "")]
    [InlineData("secrets: { A: { from: env, to: a.example, header: x-request-id } }", "1:51: ", "X-Api-Key")]
    [InlineData("secrets: { A: { from: { command: [bash, ./] }, to: a.example } }", "1:41: secrets: `./` names the project", "outside of it")]
    [InlineData("secrets: { A: { from: { command: [make, \"--directory=./\"] }, to: a.example } }", "1:41: secrets: `--directory=./` names the project", "outside of it")]
    [InlineData("secrets: { A: { from: vault, to: a.example } }", "1:23: secrets.A.from: `vault` is not one of env, git-credential", "")]
    [InlineData("restore: { vulnerabilities: severe }", "1:29: restore.vulnerabilities: `severe` is not one of low, moderate, high, critical", "for example")]
    [InlineData("restore: { deny: [\"@scope/x\"] }", "1:19: restore.deny[0]: `@scope/x` is no id of NuGet's", "for npm write npm:@scope/x")]
    [InlineData("restore: { allow: [a/b] }", "1:20: restore.allow[0]: `a/b` is not a package's name", "npm:@company/*")]
    [InlineData("restore: { cooldwn: 3d }", "1:12: unknown key `cooldwn` in restore", "did you mean `cooldown`?")]
    [InlineData("idle: soon", "1:7: idle: `soon` is not a time", "for example 15m")]
    [InlineData("workspace: { mode: mount }", "1:20: workspace.mode: `mount` is not available yet", "write overlay")]
    [InlineData("workspace: { mode: sync }", "1:20: workspace.mode: `sync` is not available yet", "write overlay")]
    // Types.
    [InlineData("just a text", "1:1: the file must be a map of keys, not a text", "dotnet machine docs machinefile")]
    [InlineData("- a", "1:1: the file must be a map of keys, not a list", "dotnet machine docs machinefile")]
    [InlineData("packages: git", "1:11: packages must be a list of package names, not a text", "put it into brackets")]
    [InlineData("packages: { git: 1 }", "1:11: packages must be a list of package names, not a map of keys", "")]
    [InlineData("ports:", "1:7: ports must be a list of ports, not nothing", "write [] for none")]
    [InlineData("env: [A]", "1:6: env must be a map of names and values, not a list", "")]
    [InlineData("env: { A: [1] }", "1:11: env.A must be a text, or nothing, not a list", "")]
    [InlineData("shares: [/data]", "1:10: shares[0] must be { host, guest, write }, not a text", "")]
    [InlineData("volumes: { db: default }", "1:16: volumes.db must be { guest, size }, not a text", "")]
    [InlineData("image: [debian/12]", "1:8: image must be one of debian/12, debian/13, or", "")]
    [InlineData("packages: [true]", "1:12: packages[0]: `true` is true or false, not a package", "put it into quotes")]
    [InlineData("packages: [12]", "1:12: packages[0]: `12` is a number, not a package", "put it into quotes: \"12\"")]
    [InlineData("sdk:", "1:5: sdk: no value where", "leave the key out")]
    // Numbers and sizes.
    [InlineData("cpus: two", "1:7: cpus: `two` is not a whole number", "2")]
    [InlineData("cpus: \"2\"", "1:7: cpus: `2` is not a whole number", "2")]
    [InlineData("cpus: 0", "1:7: cpus: `0` is out of range", "1 to 256")]
    [InlineData("cpus: -1", "1:7: cpus: `-1` is out of range", "1 to 256")]
    [InlineData("cpus: 99999999999999999999", "1:7: cpus: `99999999999999999999` is out of range", "1 to 256")]
    [InlineData("cpus: 0x2", "1:7: cpus: `0x2` is not a whole number", "2")]
    [InlineData("memory: 4", "1:9: memory: `4` is not a size", "4GiB or 512MiB")]
    [InlineData("memory: 4G", "1:9: memory: `4G` is not a size", "MiB GiB TiB, MB GB TB")]
    [InlineData("memory: 4gib", "1:9: memory: `4gib` is not a size", "4GiB")]
    [InlineData("memory: -4GiB", "1:9: memory: `-4GiB` is not a size", "4GiB")]
    [InlineData("memory: 1MiB", "1:9: memory: `1MiB` is out of range", "512MiB to 4TiB")]
    [InlineData("memory: 128GiB", "1:9: memory: 128GiB is more than this host has", "write less")]
    [InlineData("disk: 999999999TiB", "1:7: disk: `999999999TiB` is out of range", "4GiB to 16TiB")]
    // Image and SDK.
    [InlineData("image: debian/14", "1:8: image: `debian/14` is not one of debian/12, debian/13", "debian/12")]
    [InlineData("image: ./base.qcow2", "1:8: image: `./base.qcow2`: a disk needs its SHA-256", "image: { path: …, sha256: … }")]
    [InlineData("image: https://mirror.example.com/a", "1:8: image: `https://mirror.example.com/a`: a URL needs its SHA-256", "image: { url: …, sha256: … }")]
    [InlineData("image: { path: a.qcow2 }", "1:8: image: the key `sha256` is missing", "sha256")]
    [InlineData("image: { url: \"ftp://example.com/x\", sha256: 00 }", "1:15: image.url: `ftp://example.com/x` is not an http or https URL", "image: { path")]
    [InlineData("image: { url: \"https://a:b@example.com/x\", sha256: 00 }", "1:15: image.url: `https://a:b@example.com/x` holds a user name", "needs none")]
    [InlineData("sdk: 10", "1:6: sdk: `10` is a number, not global.json, an exact", "10.0.100")]
    [InlineData("sdk: 10.0.x", "1:6: sdk: `10.0.x` is not global.json, an exact SDK version or none", "10.0.100")]
    [InlineData("sdk: \"10.0.100\\n\"", "1:6: sdk: `10.0.100\\u{a}` is not", "10.0.100")]
    // Names that reach command lines.
    [InlineData("packages: [-oDebug::x=1]", "1:12: packages[0]: `-oDebug::x=1` would be an option", "package's name")]
    [InlineData("packages: [git-]", "1:12: packages[0]: `git-` ends with a '-'", "package's name")]
    [InlineData("packages: [\"git vim\"]", "1:12: packages[0]: `git vim` is not a package", "for example")]
    [InlineData("packages: [\"git,vim\"]", "1:12: packages[0]: `git,vim` is not a package", "for example")]
    [InlineData("packages: [./x.deb]", "1:12: packages[0]: `./x.deb` is not a package", "for example")]
    [InlineData("packages: [git, vim, git]", "1:22: packages: `git` is there twice", "remove one")]
    [InlineData("tools: { npm: [--global] }", "1:16: tools.npm[0]: `--global` would be an option", "package's name")]
    [InlineData("tools: { npm: [\"git+ssh://x/y\"] }", "1:16: tools.npm[0]: `git+ssh://x/y` is not an npm package", "typescript")]
    [InlineData("tools: { npm: [\"a@file:../x\"] }", "1:16: tools.npm[0]: `a@file:../x` is not an npm package", "typescript")]
    [InlineData("tools: { npm: [\"../x\"] }", "1:16: tools.npm[0]: `../x` is not an npm package", "typescript")]
    [InlineData("tools: { dotnet: [\"x;rm\"] }", "1:19: tools.dotnet[0]: `x;rm` is not a dotnet tool", "dotnet-ef")]
    [InlineData("tools: { dotnet: [\"-g\"] }", "1:19: tools.dotnet[0]: `-g` would be an option", "package's name")]
    [InlineData("env: { 1A: x }", "1:8: env: `1A` is not a variable's name", "ASPNETCORE_ENVIRONMENT")]
    [InlineData("env: { \"A=B\": x }", "1:8: env: `A=B` is not a variable's name", "ASPNETCORE_ENVIRONMENT")]
    [InlineData("env: { MACHINE_INSIDE: 0 }", "1:8: env: `MACHINE_INSIDE`: names that begin with MACHINE_", "another name")]
    [InlineData("volumes: { Db: { guest: /db } }", "1:12: volumes: `Db` is not a volume's name", "db")]
    [InlineData("volumes: { ../x: { guest: /db } }", "1:12: volumes: `../x` is not a volume's name", "db")]
    [InlineData("volumes: { -x: { guest: /db } }", "1:12: volumes: `-x` is not a volume's name", "db")]
    [InlineData("volumes: { seventeen-letters: { guest: /db } }", "1:12: volumes: `seventeen-letters` is not a volume's name (lower-case letters, digits and '-', at most 16)", "db")]
    [InlineData("volumes: { db: {} }", "1:16: volumes.db: the key `guest` is missing", "guest:")]
    [InlineData("volumes: { packages: off }", "1:22: volumes.packages: `off` is not one of default, none", "")]
    // Ports.
    [InlineData("ports: [0]", "1:9: ports[0]: `0` is not a port", "8080:80")]
    [InlineData("ports: [65536]", "1:9: ports[0]: `65536` is out of range", "1 to 65535")]
    [InlineData("ports: [\"80:65536\"]", "1:9: ports[0]: `80:65536` is out of range", "1 to 65535")]
    [InlineData("ports: [\"0.0.0.0:80:80\"]", "1:9: ports[0]: `0.0.0.0:80:80` is not a port", "8080:80")]
    [InlineData("ports: [http]", "1:9: ports[0]: `http` is not a port", "8080:80")]
    [InlineData("ports:\n  - 5000\n  - \"5000:80\"", "3:5: ports: the host's port 5000 is taken twice, first in line 2", "\"5001:80\"")]
    [InlineData("ports: [\"8080:7780\"]", "1:9: ports: the guest's port 7780 is the machine's own", "another one")]
    // Globs and paths.
    [InlineData("workspace: { outputs: [/etc/**] }", "1:24: workspace.outputs[0]: `/etc/**` is not relative", "artifacts/**")]
    [InlineData("workspace: { outputs: [\"../**\"] }", "1:24: workspace.outputs[0]: `../**` leaves the project", "below")]
    [InlineData("workspace: { outputs: [\"a/../../b\"] }", "1:24: workspace.outputs[0]: `a/../../b` leaves the project", "below")]
    [InlineData("workspace: { outputs: [\"a**\"] }", "1:24: workspace.outputs[0]: `a**`: ** must stand alone", "**/bin/**")]
    [InlineData("workspace: { outputs: [\"a//b\"] }", "1:24: workspace.outputs[0]: `a//b` is not a clean path", "")]
    [InlineData("workspace: { outputs: [\"bin/\"] }", "1:24: workspace.outputs[0]: `bin/` is not a clean path", "")]
    [InlineData("workspace: { outputs: [\"./bin\"] }", "1:24: workspace.outputs[0]: `./bin` begins with ./", "write bin")]
    [InlineData("workspace: { outputs: [\"[ab]\"] }", "1:24: workspace.outputs[0]: `[ab]`: '[' is not supported", "**")]
    [InlineData("workspace: { outputs: [\"{a,b}\"] }", "1:24: workspace.outputs[0]: `{a,b}`: '{' is not supported", "**")]
    [InlineData("workspace: { outputs: [\"!bin\"] }", "1:24: workspace.outputs[0]: `!bin`: '!' is not supported", "**")]
    [InlineData("workspace: { outputs: ['a\\b'] }", "1:24: workspace.outputs[0]: `a\\b`: '\\' is not supported", "**")]
    [InlineData("workspace: { outputs: [\"C:/x\"] }", "1:24: workspace.outputs[0]: `C:/x` is not relative", "artifacts/**")]
    [InlineData("workspace: { outputs: [\"\"] }", "1:24: workspace.outputs[0]: `` is not a clean path", "")]
    [InlineData("workspace: { changes: aply }", "1:23: workspace.changes: `aply` is not one of ask, hold, apply", "apply")]
    [InlineData("provision: [/etc/passwd]", "1:13: provision[0]: `/etc/passwd` is not a clean path", "")]
    [InlineData("provision: [../x.sh]", "1:13: provision[0]: `../x.sh` leaves the project", "below")]
    [InlineData("provision: [setup.sh]", "1:13: provision: there is no file `setup.sh` in the project", "make it")]
    public void Says_where_what_and_what_instead(string text, string message, string remedy)
    {
        var refusal = scratch.Refusal(text);
        refusal.Message.ShouldStartWith(message);
        refusal.Remedy.ShouldContain(remedy);
    }

    [Theory]
    [InlineData("a: &x 1", "1:4: anchors are not supported")]
    [InlineData("cpus: *x", "1:7: aliases are not supported")]
    [InlineData("cpus: !!int 2", "1:7: tags are not supported")]
    [InlineData("env: !x { A: 1 }", "1:6: tags are not supported")]
    [InlineData("cpus: 1\n---\ncpus: 2", "2:1: a second YAML document")]
    [InlineData("cpus: 1\n\tmemory: 1GiB", "2:1: a tab in the indentation")]
    [InlineData("env:\n  \tA: 1", "2:3: a tab in the indentation")]
    [InlineData("cpus: [", "not valid YAML")]
    [InlineData("cpus: \"1", "not valid YAML")]
    [InlineData("a: b: c", "1:5: not valid YAML")]
    [InlineData("env: { A: \"\\uZZZZ\" }", "not valid YAML")]
    [InlineData("env: { A: \"\\UFFFFFFFF\" }", "not valid YAML: a character or an escape")]
    [InlineData("env: { A: \"a\\0b\" }", "1:11: the value holds the character U+0000")]
    [InlineData("env: { A: \"\\e[2J\" }", "1:11: the value holds the character U+001B")]
    [InlineData("cpus: 1 # hidden\rmemory: 4GiB", "1:17: a carriage return alone")]
    [InlineData("cpus: 1 # hidden\u2028memory: 4GiB", "1:17: the character U+2028")]
    [InlineData("cpus: 1 # hidden\u0085memory: 4GiB", "1:17: the character U+0085")]
    [InlineData("cpus: 1\n\0shares: []", "2:1: the character U+0000")]
    [InlineData("cpus: 1 # \u202e reversed", "1:11: the character U+202E")]
    [InlineData("cpus: 1 # \u001b]0;x", "1:11: the character U+001B")]
    public void Refuses_YAML_that_hides_or_multiplies_content(string text, string message) =>
        scratch.Refusal(text).Message.ShouldContain(message);

    [Theory]
    [InlineData("{a: ")]
    [InlineData("[")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Deep_nesting_is_refused_and_does_not_exhaust_the_stack(string opening) =>
        scratch.Refusal("env: " + (opening == "- " ? "\n " : "") + string.Concat(Enumerable.Repeat(opening, 20_000))).Message.ShouldMatch("nested more than 16|not valid YAML");

    [Fact]
    public void An_alias_bomb_ends_at_its_first_anchor() =>
        scratch.Refusal("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n").Message.ShouldBe("1:4: anchors are not supported");

    [Theory]
    [InlineData("packages: [", "p{0},", "]")]
    [InlineData("env:\n", "  A{0}: x\n", "")]
    public void A_flood_of_entries_is_refused_before_it_costs_time(string before, string entry, string after) =>
        scratch.Refusal(before + string.Concat(Enumerable.Range(0, 10_000).Select(i => string.Format(null, entry, i))) + after)
            .Message.ShouldEndWith("more than 1000 entries");

    // 999 twins and the limit that ended the reading, of which 20 are shown.
    [Fact]
    public void A_flood_of_twins_ends_at_the_same_limit() =>
        scratch.Refusal("env: { " + string.Concat(Enumerable.Repeat("A: x, ", 10_000)) + "}").Message.ShouldEndWith("and 980 more");

    [Fact]
    public void A_file_over_256_KiB_is_not_parsed()
    {
        File.WriteAllText(scratch.Project.Machinefile, "cpus: 1\n" + new string('#', 256 * 1024));
        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldEndWith("Machinefile: it is larger than 256 KiB");
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_found()
    {
        File.WriteAllBytes(scratch.Project.Machinefile, [.. "cpus: 1\nenv: { A: \"ä"u8, 0xE4, .. "\" }"u8]);
        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldEndWith("Machinefile:2:13: the file is not UTF-8 here");
    }

    [Fact]
    public void UTF16_is_refused()
    {
        File.WriteAllBytes(scratch.Project.Machinefile, [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("cpus: 1")]);
        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldEndWith(":1:1: the file is not UTF-8 here");
    }

    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        var (message, remedy) = scratch.Refusal("imge: x\ncpus: none\nworkspace:\n  changes: never\n");
        message.Split('\n').Select(line => line.Split(": ")[0]).ShouldBe(["1:1", "2:7", "4:12"]);
        remedy.Split('\n')[0].ShouldBe("1:1: did you mean `image`?");
    }

    [Fact]
    public void A_flood_of_problems_is_cut_short()
    {
        var (message, _) = scratch.Refusal(string.Concat(Enumerable.Range(0, 500).Select(i => $"key{i}: 1\n")));
        message.Split('\n').Length.ShouldBe(21);
        message.ShouldEndWith("and 480 more");
    }

    [Fact]
    public void The_message_begins_with_the_files_full_name()
    {
        var error = Should.Throw<MachineException>(() => scratch.Read("x: 1"));
        error.Message.ShouldStartWith($"{scratch.Project.Machinefile}:1:1: ");
        error.ExitCode.ShouldBe(ExitCode.MachineUnavailable);
    }

    [Fact]
    public void What_the_file_says_reaches_a_terminal_without_control_characters()
    {
        var (message, remedy) = scratch.Refusal("\"a\\tb\\u00ad\": 1\ncpus: \"x\\ny\"");
        message.ShouldContain("`a\\u{9}b\\u{ad}`");
        message.ShouldContain("`x\\u{a}y`");
        (message + remedy).ShouldAllBe(c => c == '\n' || !char.IsControl(c));
    }
}
