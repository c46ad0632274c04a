using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Asks the person at the terminal, where there is one.</summary>
internal sealed class ConsoleConsent : IConsent
{
    private static readonly ConsoleConsent Asked = new();

    /// <param name="given">A yes was given with an option.</param>
    public static IConsent Of(bool given = false) => given ? GivenConsent.Instance : Asked;

    public bool? Ask(string shown, string question) => Terminal.CanAsk ? Question.Ask($"{shown}\n{question}") : null;
}
