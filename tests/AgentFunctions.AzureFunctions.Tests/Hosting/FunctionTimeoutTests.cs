using AgentFunctions.AzureFunctions.Hosting;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class FunctionTimeoutTests
{
    [TestCase("00:30:00", "00:10:00", "00:10:00")]
    [TestCase("00:05:00", "00:10:00", "00:04:30")]
    [TestCase("00:01:00", "00:10:00", "00:00:40")]
    [TestCase("00:00:30", "00:10:00", "00:00:15")]
    [TestCase("00:10:00", "00:10:00", "00:09:00")]
    [TestCase("00:30:00", "02:00:00", "00:27:00")]
    [TestCase("12:00:00", "1.00:00:00", "11:57:00")]
    [TestCase("-1", "00:10:00", "00:10:00")]
    [TestCase("-1", "02:00:00", "02:00:00")]
    [TestCase(null, "02:00:00", "00:27:00")]
    [TestCase(null, "02:00:00", "00:27:00", "FlexConsumption")]
    [TestCase(null, "02:00:00", "00:04:30", "Dynamic")]
    [TestCase("00:10:00", "02:00:00", "00:09:00", "Dynamic")]
    public void Bound_ByTheTimeoutOfTheHost_EndsBeforeIt(string? timeout, string wanted, string expected, string? sku = null)
    {
        IConfiguration settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("AzureFunctionsJobHost:functionTimeout", timeout), new("WEBSITE_SKU", sku)]).Build();

        using var folder = new TemporaryFolder();
        TimeSpan bound = FunctionTimeout.Bound(TimeSpan.Parse(wanted, null), settings, folder.Path);

        Assert.That(bound, Is.EqualTo(TimeSpan.Parse(expected, null)));
    }
}
