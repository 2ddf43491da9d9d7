using AgentFunctions.Conformance.Orchestrations;
using AgentFunctions.Durability;

namespace AgentFunctions.Conformance.Embedded;

/// <summary>The suite on the embedded engine, in memory.</summary>
[TestFixture]
public sealed class InMemoryOrchestrationTests : OrchestrationConformance
{
    protected override async Task<ConformanceHost> StartAsync(DurableRegistry registry) =>
        await EmbeddedHost.StartAsync(registry, isInMemory: true, log: LogSink.Value);
}

/// <summary>The suite on the embedded engine, on disk.</summary>
[TestFixture]
public sealed class OnDiskOrchestrationTests : OrchestrationConformance
{
    protected override async Task<ConformanceHost> StartAsync(DurableRegistry registry) =>
        await EmbeddedHost.StartAsync(registry, isInMemory: false, log: LogSink.Value);
}

/// <summary>The suite on the embedded engine that keeps no idle instance: each turn after a wait replays.</summary>
[TestFixture]
public sealed class EvictingOrchestrationTests : OrchestrationConformance
{
    protected override async Task<ConformanceHost> StartAsync(DurableRegistry registry) =>
        await EmbeddedHost.StartAsync(registry, isInMemory: false, options => options.MaxIdleInstances = 0, LogSink.Value);
}
