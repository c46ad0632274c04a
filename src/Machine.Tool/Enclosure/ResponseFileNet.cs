using Machine.Tool.Guests;

namespace Machine.Tool.Enclosure;

/// <summary>
/// The first mesh of the net: a line of Directory.Build.rsp that is a switch inside and none elsewhere. MSBuild reads that
/// file before it opens a project, from whatever folder it was started, and stops (MSB1001).
/// </summary>
internal static class ResponseFileNet
{
    public const string FileName = "Directory.Build.rsp";

    private const string Comment = "# Inside the machine this says -noWarn; elsewhere MSBuild stops here. dotnet-machine init wrote it.";

    // MSBuild prints the whole switch, so the switch is the sentence. Semicolons and commas would cut it.
    private const string Line = $"\"-%{InsideVariables.Switch}%:{PropsNet.Sentence}\"";

    public static bool IsIn(string text) => text.Split('\n').Any(line => line.Trim() == Line);

    /// <summary>What the project's file says stays, below.</summary>
    public static string Edit(string? text, string newLine) => text is not null && IsIn(text) ? text : $"{Comment}{newLine}{Line}{newLine}{text}";
}
