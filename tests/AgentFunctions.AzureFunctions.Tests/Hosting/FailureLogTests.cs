using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class FailureLogTests
{
    [Test]
    public void FailedFunction_IsLoggedByTheHostAlone()
    {
        FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder([]);
        builder.ConfigureAgentFunctions();
        using ServiceProvider services = builder.Services.BuildServiceProvider();
        ILoggerFactory logs = services.GetRequiredService<ILoggerFactory>();
        Type worker = typeof(FunctionContext).Assembly.GetType(AgentFunctionsApplicationExtensions.InvocationLog,
            throwOnError: true)!;

        Assert.That(logs.CreateLogger(worker.FullName!).IsEnabled(LogLevel.Error), Is.False);
        Assert.That(logs.CreateLogger(typeof(AgentException).FullName!).IsEnabled(LogLevel.Error), Is.True);
    }
}
