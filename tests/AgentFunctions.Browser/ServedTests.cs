namespace AgentFunctions.Browser;

/// <summary>Tests that share one server; each looks at it in a page of its own.</summary>
internal abstract class ServedTests(string policy = "rules: []", params (string Name, string Value)[] settings)
{
    protected DashboardServer Server { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task ServeAsync() => Server = await DashboardServer.StartAsync(policy, settings);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}
