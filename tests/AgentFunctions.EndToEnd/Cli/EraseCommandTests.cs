using System.Net;
using AgentFunctions.EndToEnd.Api;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

[CancelAfter(300_000)]
internal sealed class EraseCommandTests
{
    [Test]
    public async Task Erase_AgainstAServer_PlansAndErases()
    {
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(static _ => ChatReply.Say("done"));
        await using ApiHost host = await ApiHost.StartAsync(model);
        string server = host.Http.BaseAddress!.ToString();
        string first = await EndedAsync("first"), second = await EndedAsync("second");

        (int exitCode, string output, string errors) = await Run("erase", first, "--dry-run");
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain(first).And.Contain("1 runs").And.Contain("records"));
        (exitCode, _, errors) = await Run("erase", first);
        Assert.That((exitCode, errors.Contains("--reason", StringComparison.Ordinal)), Is.EqualTo((2, true)), errors);
        (exitCode, _, errors) = await Run("erase", first, "--label", "team", "--reason", "x");
        Assert.That(exitCode, Is.EqualTo(2), errors);

        (exitCode, output, errors) = await Run("erase", "--before", "2020-01-01", "--reason", "old");
        Assert.That((exitCode, output.Trim()), Is.EqualTo((0, "no runs that have ended fit")), errors);
        (exitCode, output, errors) = await Run("erase", first, "--reason", "asked for");
        Assert.That((exitCode, output.Contains("is being erased", StringComparison.Ordinal)), Is.EqualTo((0, true)), errors);
        (exitCode, output, errors) = await Run("erase", "--before", "2100-01-01", "--reason", "all");
        Assert.That((exitCode, output.Contains(second, StringComparison.Ordinal)), Is.EqualTo((0, true)), errors);
        await Poll.UntilAsync(async () =>
        {
            using HttpResponseMessage answer = await host.Http.GetAsync(new Uri($"/api/runs/{first}", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.Gone;
        });
        (exitCode, _, errors) = await Run("show", first);
        Assert.That((exitCode, errors.Contains("runErased", StringComparison.Ordinal)), Is.EqualTo((1, true)), errors);

        Task<(int ExitCode, string Output, string Errors)> Run(params string[] arguments) =>
            ProgramProcess.RunAsync(null, Path.GetTempPath(), [.. arguments, "--server", server]);

        async Task<string> EndedAsync(string goal)
        {
            string id = await host.Http.SubmitGoalAsync(goal);
            await Run("watch", id);
            return id;
        }
    }
}
