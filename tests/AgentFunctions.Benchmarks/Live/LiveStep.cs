using AgentFunctions.Benchmarks.Agent;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Live;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Live;

/// <summary>
/// What live text does for one turn that nobody watches, by itself: an answer of ten pieces and the reports of one tool call,
/// begun, filled and ended many times in a row. The difference of two whole runs drowns in what else a machine does; this does
/// not.
/// </summary>
internal static class LiveStep
{
    private const int Pieces = 10;
    private const int Turns = 20_000;
    private const int Rounds = 9;

    /// <summary>Measures it.</summary>
    /// <param name="scratch">Where the data file goes.</param>
    /// <returns>
    /// The processor time of one turn, in microseconds, and the bytes that it allocates: the median of several rounds.
    /// </returns>
    public static async Task<StepResult> MeasureAsync(Scratch scratch)
    {
        AgentTool tool = AgentTool.Create("work", "Works.", ToolEffect.Idempotent, static (int turn) => turn);
        using IHost host = await ScriptedModel.StartHostAsync(scratch.NewFile(), new ScriptedModel(), tool, isStreaming: true);
        LivePublisher publisher = host.Services.GetRequiredService<LivePublisher>();
        ChatResponseUpdate[] pieces = [.. Enumerable.Range(0, Pieces)
            .Select(static number => new ChatResponseUpdate(ChatRole.Assistant, $"word {number} "))];
        await MakeAsync(publisher, pieces);
        List<StepResult> rounds = [];
        for (int round = 0; round < Rounds; round++)
        {
            rounds.Add(await MakeAsync(publisher, pieces));
        }

        await host.StopAsync();
        return rounds.OrderBy(static round => round.Micros).ElementAt(Rounds / 2);
    }

    private static async Task<StepResult> MakeAsync(LivePublisher publisher, ChatResponseUpdate[] pieces)
    {
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(true);
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        for (int turn = 0; turn < Turns; turn++)
        {
            LiveText text = publisher.Begin("run", turn, "model")!;
            foreach (ChatResponseUpdate piece in pieces)
            {
                text.Add(piece);
            }

            text.End(LiveEnd.Completed);
            using LiveReports? reports = publisher.Reports("run", turn, 0, "work");
            if (turn % 100 == 0)
            {
                // What ends on other threads is part of it.
                await Task.Yield();
            }
        }

        worked = Environment.CpuUsage.TotalTime - worked;
        return new StepResult(worked.TotalMicroseconds / Turns, (double)(GC.GetTotalAllocatedBytes(true) - allocated) / Turns);
    }
}

/// <summary>What live text takes of a turn that nobody watches.</summary>
internal sealed record StepResult(double Micros, double Bytes);
