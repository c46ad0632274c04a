using System.Text.RegularExpressions;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>NuGet puts the values of <c>%NAMES%</c> into what it reads; for a project's file nobody does.</summary>
internal static partial class Variables
{
    /// <summary>Whether NuGet would take a part of the text for a variable, set or not.</summary>
    public static bool In(string text) => Reference().IsMatch(text);

    // An escaped byte of an address (%20) begins with two digits.
    [GeneratedRegex("%[A-Za-z_][^%\\s]*%")]
    private static partial Regex Reference();
}
