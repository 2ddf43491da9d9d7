using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>A client of another protocol, as its own makers publish it, against a host of ours.</summary>
internal static class Counterpart
{
    /// <summary>Runs a scenario of a client; the test is ignored where the clients cannot be installed.</summary>
    public static async Task<JsonElement> RunAsync(
        ApiHost host, string script, string key, string scenario, CancellationToken cancellationToken, params string[] arguments)
    {
        (string? output, string? reason) = await NodeServers.RunClientAsync(
            script, [host.Client.BaseAddress!.ToString(), key, scenario, .. arguments], cancellationToken);
        if (output is null && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore($"No clients (.ci/packages installs them): {reason}");
        }

        Assert.That(output, Is.Not.Null, $"The clients are not installed: {reason}");
        return JsonElement.Parse(output!);
    }
}
