namespace Sample._1;

/// <summary>A temperature, in degrees Celsius.</summary>
public readonly record struct Temperature(double Celsius)
{
    /// <summary>The same in degrees Fahrenheit.</summary>
    public double Fahrenheit => (Celsius * 9 / 5) + 32;
}
