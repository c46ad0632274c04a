namespace Sample._1.Tests;

public sealed class TemperatureTests
{
    [Theory]
    [InlineData(0, 32)]
    [InlineData(100, 212)]
    public void Celsius_becomes_Fahrenheit(double celsius, double fahrenheit) =>
        Assert.Equal(fahrenheit, new Temperature(celsius).Fahrenheit);
}
