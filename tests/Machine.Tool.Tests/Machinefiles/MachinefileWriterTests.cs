using System.Text;

using FsCheck;
using FsCheck.Fluent;

using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

public sealed class MachinefileWriterTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void An_empty_folder_gets_a_file_that_says_the_defaults()
    {
        var (text, file) = Init();
        file.ShouldBeEquivalentTo(scratch.Read(""));
        text.ShouldContain("# cpus: 2");
        text.ShouldContain("there is none: the newest SDK");
    }

    [Fact]
    public void What_init_proposes_in_comments_is_valid_too()
    {
        Directory.CreateDirectory(scratch.At("data"));
        scratch.Write("machine/setup.sh", "true");
        var (text, _) = Init();
        var proposals = string.Join('\n', text.Split('\n').Skip(1).Select(line => line.StartsWith("# ", StringComparison.Ordinal) ? line[2..] : line));
        var file = scratch.Read(proposals);
        file.Shares.Count.ShouldBe(1);
        file.Provision.Select(script => script.Path).ShouldBe(["machine/setup.sh"]);
        file.Workspace.Outputs.ShouldBe(MachinefileDefaults.Outputs);
    }

    [Theory]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\" } }")]
    [InlineData("\ufeff// pinned\n{ /* why */ \"sdk\": { \"version\": \"10.0.100\", \"rollForward\": \"latestFeature\", }, }")]
    public void The_pinned_SDK_is_named(string globalJson)
    {
        File.WriteAllText(Path.Combine(scratch.Project.Path, "global.json"), globalJson, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var (text, file) = Init();
        text.ShouldContain("sdk: global.json   # pins 10.0.100\n");
        file.Sdk.ShouldBe("global.json");
    }

    [Theory]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\\nshares: [{ host: /, guest: /x }]\" } }")]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\\n\" } }")]
    [InlineData("{ \"sdk\": { \"version\": 10 } }")]
    [InlineData("{ \"sdk\": [] }")]
    [InlineData("[]")]
    [InlineData("not json")]
    [InlineData("\"")]
    public void A_global_json_that_is_odd_or_hostile_changes_nothing(string globalJson)
    {
        scratch.Write("global.json", globalJson);
        var (text, file) = Init();
        text.ShouldContain("sdk: global.json   # names no exact version");
        file.ShouldBeEquivalentTo(scratch.Read(""));
    }

    [Fact]
    public void Ports_come_from_the_launch_profiles_of_all_projects()
    {
        scratch.Write("src/Web/Properties/launchSettings.json", """
            // Written by a template.
            {
              "iisSettings": { "iisExpress": { "applicationUrl": "http://localhost:9999" } },
              "profiles": {
                "https": { "commandName": "Project", "applicationUrl": "https://localhost:7001;http://localhost:5001" },
                "all": { "applicationUrl": "http://*:5002/path; http://[::1]:5003", },
                "odd": { "applicationUrl": "http://localhost;localhost:5004;http://x:99999;http://x:0;http://x:7780;http://x:7781;http://x:7782;http://x:-1" },
                "none": { "commandName": "Executable" }, "wrong": 5
              },
            }
            """);
        File.WriteAllText(scratch.Write("src/Api/Properties/launchSettings.json", ""), "{ \"profiles\": { \"x\": { \"applicationUrl\": \"http://localhost:5001\" } } }", new UTF8Encoding(true));
        scratch.Write("src/Web/bin/Properties/launchSettings.json", "{ \"profiles\": { \"x\": { \"applicationUrl\": \"http://localhost:6666\" } } }");
        scratch.Write("src/Broken/Properties/launchSettings.json", "{");

        Init().File.Ports.Select(port => port.Host).ShouldBe([5001, 5002, 5003, 7001]);
    }

    [Fact]
    public void A_link_out_of_the_project_is_not_followed()
    {
        Directory.CreateDirectory(scratch.At("other/Properties"));
        File.WriteAllText(scratch.At("other/Properties/launchSettings.json"), "{ \"profiles\": { \"x\": { \"applicationUrl\": \"http://localhost:6666\" } } }");
        Directory.CreateSymbolicLink(Path.Combine(scratch.Project.Path, "linked"), scratch.At("other"));
        Init().File.Ports.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, false, "git")]
    [InlineData(false, true, "nodejs npm")]
    [InlineData(true, true, "git nodejs npm")]
    public void Packages_are_what_the_project_needs(bool git, bool node, string expected)
    {
        if (git)
        {
            // A worktree has a file of this name.
            scratch.Write(".git", "gitdir: elsewhere");
        }

        if (node)
        {
            scratch.Write("client/package.json", "{}");
        }

        Init().File.Packages.ShouldBe(expected.Split(' '));
    }

    [Fact]
    public void A_package_json_of_somebody_elses_package_counts_for_nothing()
    {
        scratch.Write("node_modules/x/package.json", "{}");
        Init().File.Packages.ShouldBe(["git"]);
    }

    [Fact]
    public void An_existing_file_is_never_overwritten()
    {
        scratch.Write("Machinefile", "sdk: none\n");
        Should.Throw<MachineException>(() => MachinefileWriter.Init(scratch.Project.Path)).Message.ShouldContain("already");
        File.ReadAllText(scratch.Project.Machinefile).ShouldBe("sdk: none\n");
    }

    [Fact]
    public void A_dangling_link_is_not_written_through()
    {
        File.CreateSymbolicLink(scratch.Project.Machinefile, scratch.At("target"));
        Should.Throw<MachineException>(() => MachinefileWriter.Init(scratch.Project.Path)).Message.ShouldContain("already");
        File.Exists(scratch.At("target")).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_a_survey_finds_is_read_back()
    {
        var surveys =
            from sdk in Gen.Elements<string?>(null, "10.0.100", "8.0.404")
            from git in Gen.Elements(true, false)
            from node in Gen.Elements(true, false)
            from ports in Gen.Choose(1, 65535).Where(port => port is not (7780 or 7781 or 7782)).ListOf()
            select new ProjectSurvey(sdk, sdk is not null, git, node, [.. ports.Distinct()]);
        Prop.ForAll(surveys.ToArbitrary(), survey =>
        {
            var file = scratch.Read(MachinefileWriter.Compose(survey));
            file.Ports.ShouldBe(survey.Ports.Select(port => new PortForward(port, port)));
            file.Packages.Contains("nodejs").ShouldBe(survey.HasNode);
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));
    }

    private (string Text, Machinefile File) Init()
    {
        var path = MachinefileWriter.Init(scratch.Project.Path);
        path.ShouldBe(scratch.Project.Machinefile);
        var text = File.ReadAllText(path);
        return (text, scratch.Read(text));
    }
}
