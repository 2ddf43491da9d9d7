using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Diagnostics;

internal sealed class HostReadinessTests
{
    [Test]
    public async Task Check_AHostAtWork_FindsAllWell()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("there"));
        IReadOnlyList<ReadinessItem> items = await host.Get<HostReadiness>().CheckAsync();
        Assert.That(items.Select(static item => item.Name),
            Is.EquivalentTo(new[] { "store", "policy", "models", "toolServers", "clock", "disk" }));
        Assert.That(items.Where(static item => item.Name != "disk").Select(static item => item.Message), Is.All.Null);
    }

    [Test]
    public async Task Check_APolicyThatBreaksLater_IsToldWithFileAndRemedyUntilItIsMended()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("policy.yaml", "rules: []");
        var time = new FakeTimeProvider();
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), static _ => ChatReply.Say("there"),
            settings: ("Governance:PolicyPath", path));
        var readiness = new HostReadiness(
            [new RuntimeReadiness(host.Get<IServiceProvider>(), TimeProvider.System)], host.Get<Redactor>(),
            time, Microsoft.Extensions.Logging.Abstractions.NullLogger<HostReadiness>.Instance);

        File.WriteAllText(path, "rules: 7");
        time.Advance(TimeSpan.FromMinutes(1));
        ReadinessItem broken = (await readiness.CheckAsync()).Single(static item => item.Name == "policy");
        File.WriteAllText(path, "rules: []");
        time.Advance(TimeSpan.FromMinutes(1));
        ReadinessItem mended = (await readiness.CheckAsync()).Single(static item => item.Name == "policy");

        Assert.That(broken.Status, Is.EqualTo(ReadinessStatus.Degraded));
        Assert.That(broken.Message, Does.Contain("policy.yaml").And.Contain("The policy before it holds."));
        Assert.That(mended.Status, Is.EqualTo(ReadinessStatus.Ok), mended.Message);
    }
}
