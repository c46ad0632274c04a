namespace Machine.Tool.Guests;

/// <summary>What tells a command that it runs inside. The net in a project's MSBuild files holds everywhere else.</summary>
internal static class InsideVariables
{
    public const string Inside = "MACHINE_INSIDE";

    /// <summary>The value of <see cref="Inside"/>.</summary>
    public const string InsideValue = "1";

    /// <summary>Stands in Directory.Build.rsp where MSBuild expects a switch's name; unset, MSBuild stops there (MSB1001).</summary>
    public const string Switch = "MACHINE_INSIDE_RSP";

    /// <summary>A switch that takes any text and does nothing with it: a warning of that name does not exist.</summary>
    public const string SwitchValue = "noWarn";
}
