using AgentFunctions.AzureFunctions.Hosting;
using AgentFunctions.Monitors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class StartedServicesTests
{
    [Test]
    public void Take_TheLibrarysServices_LeavesNoneToTheHost()
    {
        var services = new ServiceCollection();
        services.AddAgentFunctions(new ConfigurationBuilder().Build());
        StartedServices.Take(services);

        Assert.That(
            services.Where(service => service.ServiceType == typeof(IHostedService)).Select(service => service.ImplementationType),
            Has.None.AssignableTo(typeof(IHostedLifecycleService)));
        Assert.That(
            services.Select(service => service.ImplementationInstance).OfType<StartedService>().Select(service => service.Type),
            Does.Contain(typeof(MonitorStarter)));
    }
}
