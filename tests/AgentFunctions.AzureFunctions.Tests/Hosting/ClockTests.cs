using System.Reflection;
using AgentFunctions.TestKit;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

/// <summary>All time comes from the host's <see cref="TimeProvider"/>, time-outs too.</summary>
internal sealed class ClockTests
{
    [TestCase("AgentFunctions.AzureFunctions")]
    [TestCase("AgentFunctions.AzureStorage")]
    [TestCase("AgentFunctions.DurableTask")]
    public void Code_Always_AsksTheHostsClock(string assembly) => Assert.That(
        SystemClockUses.Of(Assembly.Load(assembly)).Where(static use => !use.Contains("Extensions.Add", StringComparison.Ordinal)
            && !use.Contains("Extensions.Configure", StringComparison.Ordinal)
            && !use.Contains("Extensions.Use", StringComparison.Ordinal)),
        Is.Empty);
}
