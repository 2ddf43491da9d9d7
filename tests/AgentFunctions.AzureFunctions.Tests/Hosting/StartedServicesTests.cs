using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Core;
using AgentFunctions.DurableTask;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Monitors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class StartedServicesTests
{
    [Test]
    public void Take_TheLibrarysServices_LeavesThePolicyAloneToTheHost()
    {
        var services = new ServiceCollection();
        services.AddAgentFunctions(new ConfigurationBuilder().Build()).AddOpenAIModels(new ConfigurationBuilder().Build())
            .AddMcpServers().AddMonitors();
        StartedServices.Take(services);

        Assert.That(
            services.Where(service => service.ServiceType == typeof(IHostedService)).Select(service => service.ImplementationType)
                .Where(static type => type?.IsAssignableTo(typeof(IHostedLifecycleService)) == true),
            Is.EqualTo([typeof(PolicyStart)]),
            "a policy that cannot be read refuses the start; what needs an engine waits for the first invocation");
        Assert.That(
            services.Select(service => service.ImplementationInstance).OfType<StartedService>().Select(service => service.Type),
            Does.Contain(typeof(MonitorStarter)).And.Some.Matches<Type>(static type => type.IsAssignableTo(typeof(BackgroundService))));
    }

    [Test]
    public async Task Run_OneThatFails_KeepsNoneFromStarting_AndIsStartedByTheNextCall()
    {
        var failing = new Counted { Failures = 1 };
        var other = new CountedLater();
        await using ServiceProvider services = new ServiceCollection().AddSingleton(failing).AddSingleton(other)
            .BuildServiceProvider();
        var started = new StartedServices(
            [new StartedService(typeof(Counted)), new StartedService(typeof(CountedLater))], services,
            new DurableTaskClientAccessor(), NullLogger<StartedServices>.Instance);

        Assert.That(() => started.RunAsync(CancellationToken.None), Throws.InvalidOperationException);
        Assert.That((failing.Starts, other.Starts), Is.EqualTo((1, 1)));
        await Task.WhenAll(started.RunAsync(CancellationToken.None), started.RunAsync(CancellationToken.None));
        Assert.That((failing.Starts, other.Starts), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task Stop_OneThatFails_KeepsNoneFromStopping_AndWhatWasNotStartedStaysAlone()
    {
        var failing = new Stopped { Fails = true };
        var other = new StoppedLater();
        await using ServiceProvider services = new ServiceCollection().AddSingleton(failing).AddSingleton(other)
            .AddSingleton<NeverStarted>().BuildServiceProvider();
        IHostedService started = new StartedServices(
            [new StartedService(typeof(StoppedLater)), new StartedService(typeof(Stopped))], services,
            new DurableTaskClientAccessor(), NullLogger<StartedServices>.Instance);
        IHostedService idle = new StartedServices(
            [new StartedService(typeof(NeverStarted))], services, new DurableTaskClientAccessor(),
            NullLogger<StartedServices>.Instance);
        await ((StartedServices)started).RunAsync(CancellationToken.None);

        await started.StopAsync(CancellationToken.None);
        await idle.StopAsync(CancellationToken.None);

        Assert.That((failing.Stops, other.Stops), Is.EqualTo((1, 1)));
    }

    private class Stopped : ProcessService
    {
        public bool Fails { get; init; }

        public int Stops { get; private set; }

        public override Task StoppingAsync(CancellationToken cancellationToken)
        {
            Stops++;
            return Fails ? throw new InvalidOperationException("not in order") : Task.CompletedTask;
        }
    }

    private sealed class StoppedLater : Stopped;

    private sealed class NeverStarted : ProcessService
    {
        public override Task StoppingAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("not started");
    }

    private class Counted : BackgroundService
    {
        public int Failures { get; set; }

        public int Starts { get; private set; }

        public override Task StartAsync(CancellationToken cancellationToken) =>
            ++Starts <= Failures ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class CountedLater : Counted;
}
