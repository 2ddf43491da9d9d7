using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>One command of the program, killed again and again while its model is asked, then let run to its end.</summary>
internal static class KilledProgram
{
    private const int LongestPause = 300;

    /// <summary>Runs the command.</summary>
    /// <param name="model">The model server.</param>
    /// <param name="asked">Released by the model's script at each request.</param>
    /// <param name="kills">How often it is killed.</param>
    /// <param name="random">How long after a request.</param>
    /// <param name="command">The arguments.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>How many of the kills came before the run's end.</returns>
    public static async Task<int> RunAsync(
        OpenAIProtocolServer model, SemaphoreSlim asked, int kills, Random random, string[] command, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["OPENAI_MODEL"] = "scripted",
        };
        int inMidRun = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            await using ProgramProcess process = ProgramProcess.Start(environment, command);
            while (asked.Wait(0, CancellationToken.None))
            {
                // Requests of the life before do not count.
            }

            await asked.WaitAsync(cancellationToken);
            await Task.Delay(random.Next(0, LongestPause), cancellationToken);
            await process.KillAsync();
            inMidRun += (process.Output + process.Errors).Contains("completed", StringComparison.Ordinal) ? 0 : 1;
        }

        await using ProgramProcess last = ProgramProcess.Start(environment, command);
        int exitCode = await last.WaitAsync();
        Assert.That(exitCode, Is.Zero, last.Output + last.Errors);
        return inMidRun;
    }
}
