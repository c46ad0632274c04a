using Machine.Fuzz;

namespace Machine.Attacks.Tests;

/// <summary>What fuzzing found once, and the corpus that it begins with: taken or refused as documented, for ever.</summary>
public sealed class FuzzedInputs
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "fuzz");

    public static TheoryData<string> Found => [.. Directory.EnumerateFiles(Path.Combine(Folder, "regressions"), "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Path.Combine(Folder, "regressions"), file)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Found))]
    public void What_was_found_once_is_not_found_again(string input) =>
        FuzzTarget.All.Single(target => target.Name == Path.GetDirectoryName(input)).Run(File.ReadAllBytes(Path.Combine(Folder, "regressions", input)));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_of_the_corpus_is_taken_or_refused_as_documented(string target)
    {
        var inputs = Directory.GetFiles(Path.Combine(Folder, "corpus", target));
        inputs.ShouldNotBeEmpty();
        foreach (var input in inputs)
        {
            Should.NotThrow(() => FuzzTarget.All.Single(one => one.Name == target).Run(File.ReadAllBytes(input)), Path.GetFileName(input));
        }
    }
}
