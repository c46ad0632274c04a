namespace Sample._1.Tests;

public sealed class GreetingTests
{
    [Fact]
    public void It_greets_by_name() => Assert.Equal("Hello, Ada!", Greeting.For("Ada"));
}
