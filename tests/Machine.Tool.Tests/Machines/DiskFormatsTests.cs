using System.Text.RegularExpressions;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Images;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Tests.Machines;

/// <summary>The table of disk formats in docs/architecture.md, against the code.</summary>
public sealed partial class DiskFormatsTests
{
    [Fact]
    public void Each_number_of_the_table_is_the_codes() =>
        File.ReadLines(Path.Combine(CommandDocsTests.Root, "docs", "architecture.md")).Select(line => Row().Match(line)).Where(row => row.Success)
            .ToDictionary(row => row.Groups[1].Value, row => int.Parse(row.Groups[2].Value))
            .ShouldBe(new Dictionary<string, int>
            {
                ["machine.json"] = MachineRecord.CurrentVersion,
                ["started.json"] = StartedMachine.CurrentVersion,
                ["changes.json"] = ChangeLedger.CurrentVersion,
                ["told.json"] = ToldChanges.CurrentVersion,
                ["image.json"] = StoredImage.CurrentFormat,
                ["template.json"] = TemplateFacts.CurrentVersion,
                ["frozen.json"] = FrozenState.MemoryApart,
                ["export.json"] = ArchivedImage.CurrentFormat,
            }, ignoreOrder: true);

    [GeneratedRegex(@"^\| `(\w+\.json)`[^|]* \| (\d+) \|")]
    private static partial Regex Row();
}
