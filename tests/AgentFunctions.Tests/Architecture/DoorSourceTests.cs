using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>A restart loses nothing of a door: what it knows is in records, and it reaches runs as every caller does.</summary>
internal sealed partial class DoorSourceTests
{
    [Test]
    public void Doors_Always_HaveNoMapInMemoryAndUseNoPortOfTheEngine()
    {
        string[] doors =
        [
            .. Repository.Sources.Where(static file => file.StartsWith("AgentFunctions.AspNetCore/Doors/", StringComparison.Ordinal)),
        ];

        Assert.That(doors, Has.Length.GreaterThan(50));
        Assert.That(doors.Where(static file => Memory().IsMatch(Repository.Text("src/" + file))), Is.Empty);
        Assert.That(doors.Where(static file => Engine().IsMatch(Repository.Text("src/" + file))), Is.Empty);
    }

    /// <summary>A map that outlives a request: one of all requests, or one that many may write.</summary>
    [GeneratedRegex(@"ConcurrentDictionary|MemoryCache|static\s+(readonly\s+)?\w*Dictionary<[^(\n]*[;=]")]
    private static partial Regex Memory();

    [GeneratedRegex(@"\bI(OrchestrationClient|OrchestrationContext|ActivityContext|DurableEngine)\b")]
    private static partial Regex Engine();
}
