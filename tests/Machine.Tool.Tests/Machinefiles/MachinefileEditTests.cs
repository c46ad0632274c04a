using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>A rule is added to a Machinefile, and every other byte of it stays.</summary>
public sealed class MachinefileEditTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "\nnetwork:\n  allow:\n    - api.example.com\n")]
    [InlineData("# mine\ncpus: 1  # one\n", "# mine\ncpus: 1  # one\n\nnetwork:\n  allow:\n    - api.example.com\n")]
    [InlineData("cpus: 1", "cpus: 1\n\nnetwork:\n  allow:\n    - api.example.com\n")]
    [InlineData("cpus: 1\r\nmemory: 1GiB\r\n", "cpus: 1\r\nmemory: 1GiB\r\n\r\nnetwork:\r\n  allow:\r\n    - api.example.com\r\n")]
    [InlineData("network:\n  allow:\n  - a.example.com # why\n\ncpus: 1\n", "network:\n  allow:\n  - a.example.com # why\n  - api.example.com\n\ncpus: 1\n")]
    [InlineData("network: { allow: [a.example.com] }\n", "network: { allow: [a.example.com, api.example.com] }\n")]
    [InlineData("network:\n  allow: []\n", "network:\n  allow: [api.example.com]\n")]
    [InlineData("network:\n  deny: [a.example.com]\n", "network:\n  allow: [api.example.com]\n  deny: [a.example.com]\n")]
    [InlineData("network:\n  allow:\n    - { name: git.corp.example, private: true }\n", "network:\n  allow:\n    - { name: git.corp.example, private: true }\n    - api.example.com\n")]
    public void It_stands_where_a_person_would_write_it(string before, string after) => Added(before, "api.example.com").ShouldBe(after);

    [Theory]
    [InlineData("*.example.com", "\"*.example.com\"")]
    [InlineData("db.example.com:5432", "\"db.example.com:5432\"")]
    [InlineData("git:git.example.com/acme/*", "\"git:git.example.com/acme/*\"")]
    [InlineData("github", "github")]
    public void It_is_quoted_where_yaml_needs_it(string rule, string written) => Added("", rule).ShouldEndWith($"    - {written}\n");

    [Theory]
    [InlineData("network: {}\n")]
    [InlineData("{ network: { deny: [a.example.com] } }\n")]
    [InlineData("network: { allow: [a.example.com,\n   b.example.com] }\n")]
    public void What_is_written_in_another_way_is_left_alone_and_said(string text)
    {
        var refused = Should.Throw<MachineException>(() => Added(text, "api.example.com"));

        refused.Message.ShouldContain("can't be edited");
        refused.Remedy.ShouldNotBeNull().ShouldContain("allow: [api.example.com]");
    }

    [Theory]
    [InlineData("network: { allow: [a.example.com] }\n", "network: { allow: [a.example.com, api.example.com] }\n")]
    [InlineData("network:\n  deny: [a.example.com]\n", "network:\n  allow: [api.example.com]\n  deny: [a.example.com]\n")]
    [InlineData("", "\nnetwork:\n  allow:\n    - api.example.com\n")]
    public void A_byte_order_mark_stays(string before, string after)
    {
        var file = Path.Combine(folder.Path, "Machinefile");
        File.WriteAllText(file, before, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        var text = MachinefileReader.TextOf(new ProjectRoot(folder.Path));

        var added = Added(text, "api.example.com");
        MachinefileEdit.Replace(file, text, added);

        File.ReadAllBytes(file).ShouldBe([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(after)]);
        MachinefileCut.RemoveRules(added, "allow", entry => entry.Rule == "api.example.com", new ProjectRoot(folder.Path)).ShouldStartWith("\ufeff");
    }

    private string Added(string text, string rule) => MachinefileEdit.AddRule(text, "allow", new NetworkEntry(rule), new ProjectRoot(folder.Path));
}
