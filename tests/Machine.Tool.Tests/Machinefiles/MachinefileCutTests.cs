using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>A rule goes out of a Machinefile, and every other byte of it stays.</summary>
public sealed class MachinefileCutTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("network:\n  allow:\n    - a.example.com  # one\n    - b.example.com  # two\n    # more\n    - c.example.com\n", "network:\n  allow:\n    - a.example.com  # one\n    # more\n    - c.example.com\n")]
    [InlineData("network:\n  allow:\n    # first\n    - b.example.com\n    - a.example.com\n", "network:\n  allow:\n    # first\n    - a.example.com\n")]
    [InlineData("network:\n  allow:\n    - a.example.com\n    - b.example.com", "network:\n  allow:\n    - a.example.com")]
    [InlineData("cpus: 1\r\nnetwork:\r\n  allow:\r\n    - b.example.com\r\n    - a.example.com\r\n", "cpus: 1\r\nnetwork:\r\n  allow:\r\n    - a.example.com\r\n")]
    [InlineData("network:\n  allow:\n    - name: b.example.com\n      private: true\n    - a.example.com\n", "network:\n  allow:\n    - a.example.com\n")]
    [InlineData("network:\n  allow:\n    - { name: b.example.com, private: true }\n    - a.example.com\n", "network:\n  allow:\n    - a.example.com\n")]
    public void A_line_of_a_list_goes_and_comments_stay(string before, string after) => Removed(before).ShouldBe(after);

    [Theory]
    [InlineData("network:\n  allow:\n    - b.example.com\n", "network:\n  allow: []\n")]
    [InlineData("network:\n  allow: # servers\n    # why\n    - b.example.com\n\ncpus: 1\n", "network:\n  allow: [] # servers\n    # why\n\ncpus: 1\n")]
    [InlineData("network:\r\n  allow:\r\n    - b.example.com\r\n  deny: [x.example.com]\r\n", "network:\r\n  allow: []\r\n  deny: [x.example.com]\r\n")]
    [InlineData("network: { allow: [b.example.com] }\n", "network: { allow: [] }\n")]
    [InlineData("network: { allow: [ b.example.com ] }\n", "network: { allow: [] }\n")]
    public void A_list_without_its_last_rule_is_an_empty_list(string before, string after) => Removed(before).ShouldBe(after);

    [Theory]
    [InlineData("network: { allow: [a.example.com, b.example.com, c.example.com] } # x\n", "network: { allow: [a.example.com, c.example.com] } # x\n")]
    [InlineData("network: { allow: [b.example.com, a.example.com] }\n", "network: { allow: [a.example.com] }\n")]
    [InlineData("network: { allow: [a.example.com, b.example.com] }\n", "network: { allow: [a.example.com] }\n")]
    [InlineData("network: { allow: [\"*.a.example.com\", \"b.example.com\", 'c.example.com'] }\n", "network: { allow: [\"*.a.example.com\", 'c.example.com'] }\n")]
    [InlineData("network: { allow: [{ name: b.example.com, private: true }, a.example.com] }\n", "network: { allow: [a.example.com] }\n")]
    [InlineData("network: { allow: [a.example.com, { name: \"b.example.com\", private: true }] }\n", "network: { allow: [a.example.com] }\n")]
    [InlineData("network:\n  allow: [\n    a.example.com, # one\n    b.example.com, # two\n    c.example.com  # three\n  ]\n", "network:\n  allow: [\n    a.example.com, # one\n    c.example.com  # three\n  ]\n")]
    [InlineData("network:\n  allow: [\n    a.example.com, # one\n    b.example.com  # two\n  ]\n", "network:\n  allow: [\n    a.example.com, # one\n  ]\n")]
    [InlineData("network:\n  allow: [a.example.com,\n    b.example.com]\n", "network:\n  allow: [a.example.com]\n")]
    public void One_in_brackets_goes_with_its_comma(string before, string after) => Removed(before).ShouldBe(after);

    [Theory]
    [InlineData("network: { allow: [B.example.com], deny: [b.example.com] }\n", "deny", "network: { allow: [B.example.com], deny: [] }\n")]
    [InlineData("network:\n  deny:\n    - b.example.com\n  allow:\n    - b.example.com\n", "allow", "network:\n  deny:\n    - b.example.com\n  allow: []\n")]
    [InlineData("network:\n  deny:\n    - b.example.com\n  allow:\n    - b.example.com\n", "deny", "network:\n  deny: []\n  allow:\n    - b.example.com\n")]
    public void It_goes_out_of_the_list_that_is_meant(string before, string key, string after) => Removed(before, key).ShouldBe(after);

    [Fact]
    public void All_that_name_it_go() =>
        Removed("network:\n  allow:\n    - b.example.com\n    - a.example.com\n    - { name: b.example.com, private: true }\n").ShouldBe("network:\n  allow:\n    - a.example.com\n");

    [Fact]
    public void What_names_it_nowhere_is_the_same_text() => Removed("cpus: 1 # b.example.com\n").ShouldBe("cpus: 1 # b.example.com\n");

    [Fact]
    public void What_is_written_in_another_way_is_left_alone_and_the_line_is_said()
    {
        var refused = Should.Throw<MachineException>(() => Removed("network:\n  allow:\n    -\n      b.example.com\n    - a.example.com\n"));

        refused.Message.ShouldContain("can't be edited");
        refused.Remedy.ShouldNotBeNull().ShouldContain("b.example.com of allow, in line 4");
    }

    private string Removed(string text, string key = "allow") => MachinefileCut.RemoveRules(text, key, entry => entry.Rule == "b.example.com", new ProjectRoot(folder.Path));
}
