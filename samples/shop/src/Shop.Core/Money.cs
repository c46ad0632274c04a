namespace Shop.Core;

public static class Money
{
    /// <summary>To whole cents, halves away from zero, as a till does.</summary>
    public static decimal Round(decimal amount) => Math.Round(amount, 2, MidpointRounding.AwayFromZero);
}
