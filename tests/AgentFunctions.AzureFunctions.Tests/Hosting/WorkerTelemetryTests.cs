using AgentFunctions.AzureFunctions.Telemetry;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

/// <summary>Under which name the worker sends its traces and metrics.</summary>
[NonParallelizable]
internal sealed class WorkerTelemetryTests
{
    private const string Variable = "OTEL_SERVICE_NAME";

    [TestCase(null, null, "AgentFunctions")]
    [TestCase("refunds-app", null, "refunds-app")]
    [TestCase("refunds-app", "functions", "functions")]
    public void Resource_Name_IsThatOfTheEnvironmentElseTheApp(string? site, string? variable, string expected)
    {
        string? before = Environment.GetEnvironmentVariable(Variable);
        try
        {
            Environment.SetEnvironmentVariable(Variable, variable);
            IConfiguration configuration = new ConfigurationBuilder()
                .AddInMemoryCollection(new Dictionary<string, string?> { ["WEBSITE_SITE_NAME"] = site }).Build();

            Assert.That(WorkerTelemetry.ResourceOf(configuration).Build().Attributes,
                Has.Some.EqualTo(KeyValuePair.Create<string, object>("service.name", expected)));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }
}
