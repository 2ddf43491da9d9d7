using System.Globalization;
using AgentFunctions.OpenAI.Resilience;

namespace AgentFunctions.Tests.OpenAI.Resilience;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [TestCase(null, "20", 20.0)]
    [TestCase("1500", "2", 1.5)]
    [TestCase("5", null, 0.005)]
    [TestCase("0", "7", 7.0)]
    [TestCase(null, "Sun, 01 Mar 2026 12:00:30 GMT", 30.0)]
    [TestCase(null, "Sun, 01 Mar 2026 11:58:00 GMT", null, Description = "by a clock that is behind this host's")]
    [TestCase(null, "0", null)]
    [TestCase("0", "0", null)]
    [TestCase("-1", null, null)]
    [TestCase(null, "NaN", null)]
    [TestCase(null, "soon", null)]
    [TestCase(null, null, null)]
    public void Read_Headers_IsAWaitOrNothing(string? milliseconds, string? value, double? seconds) =>
        Assert.That(
            RetryAfter.Read(name => name == "retry-after-ms" ? milliseconds : value, Now),
            Is.EqualTo(seconds is { } wait ? TimeSpan.FromSeconds(wait) : (TimeSpan?)null),
            string.Create(CultureInfo.InvariantCulture, $"{milliseconds} {value}"));
}
