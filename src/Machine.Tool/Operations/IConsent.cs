using Machine.Tool.Hosting;

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

/// <summary>What is not done without a yes.</summary>
internal static class Consents
{
    /// <param name="consequence">As a part of a sentence.</param>
    /// <param name="remedy">The command that is a yes, for whoever can't be asked.</param>
    /// <param name="refused">Said where the answer is no.</param>
    /// <exception cref="MachineException">Nobody agreed.</exception>
    public static void Require(this IConsent consent, string consequence, string question, string remedy, string refused)
    {
        switch (consent.Ask($"{char.ToUpperInvariant(consequence[0])}{consequence[1..]}", question))
        {
            case null:
                throw new MachineException(consequence, $"if that is meant: {remedy}");
            case false:
                throw new MachineException(refused);
            default:
                break;
        }
    }
}
