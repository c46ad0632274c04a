namespace Machine.Tool.Operations;

/// <summary>Asks a person before something is taken from the host, or lost.</summary>
internal interface IConsent
{
    /// <param name="shown">What the yes is to; may have several lines.</param>
    /// <returns>Null where nobody can be asked: then what needs a yes is refused, with the command that is one.</returns>
    bool? Ask(string shown, string question);
}

/// <summary>The yes that somebody gave beforehand, with an option.</summary>
internal sealed class GivenConsent : IConsent
{
    public static readonly GivenConsent Instance = new();

    public bool? Ask(string shown, string question) => true;
}
