using System.Diagnostics;

namespace AgentFunctions.AzureFunctions.Tests.InProcess;

/// <summary>
/// The crash lab in its short form: one kill, between an effect and its record, of the process that takes the steps on Durable
/// Task.
/// </summary>
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class CrashLabTests
{
    [Test]
    public async Task DurableTask_KilledBetweenEffectAndRecord_DoublesAndLosesNothing()
    {
        // Ignores the test where there is no emulator; the lab starts one of its own.
        _ = AzuriteServer.TakeAccount();
        string lab = AppContext.BaseDirectory.Replace("AgentFunctions.AzureFunctions.Tests", "AgentFunctions.CrashLab",
            StringComparison.Ordinal);
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "exec", Path.Combine(lab, "AgentFunctions.CrashLab.dll"), "ours-durable-task", "1" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        await process.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);

        Assert.That(process.ExitCode, Is.Zero, output + await errors);
        Assert.That(output, Does.Contain("| ours-durable-task | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |"),
            "trials, killed, with doubled effects, doubled, lost, unknown, model calls paid again, not done");
    }
}
