using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>
/// What the host adds to each model step and each tool step of one run, over a model and a tool that take no time: at its
/// beginning and after thousands of turns, with a conversation that is summed up again and again.
/// </summary>
internal static class AgentBenchmark
{
    private const int WarmUp = 5_000;
    private const int Window = 100;
    private const int FirstTurn = 10;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(string[] args)
    {
        int turns = args is ["--turns", var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 10_000;
        string directory = args is [.., "--data", var folder] ? folder : Path.GetTempPath();
        using var scratch = new Scratch(directory, false);
        string file = scratch.NewFile();
        var model = new ScriptedModel();
        AgentTool tool = AgentTool.Create("work", "Works.", ToolEffect.Idempotent, (int turn) => model.Work(turn));
        using IHost host = await ScriptedModel.StartHostAsync(file, model, tool);
        // The code is compiled, and compiled again where it is hot, and the write-ahead log has its size before anything is measured.
        await RunAsync(host, model, WarmUp, file);
        double floorBefore = FloorCommit.Measure(scratch);
        AgentMarks marks = await RunAsync(host, model, turns, file);
        double floor = (floorBefore + FloorCommit.Measure(scratch)) / 2;
        await host.StopAsync();
        int many = turns / 3;
        AgentOverhead early = marks.Between(FirstTurn,
            FirstTurn + Window) with
        { DiskBytesPerTurn = marks.DiskBytesPerTurn(FirstTurn, FirstTurn + many) };
        AgentOverhead late = marks.Between(turns - Window,
            turns) with
        { DiskBytesPerTurn = marks.DiskBytesPerTurn(turns - many - 10, turns - 10) };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"floor       {floor:F3} ms per raw commit"));
        Print($"turn {FirstTurn}", early, floor);
        Print($"turn {turns}", late, floor);
        await SnapshotCommits.RunAsync(scratch);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            turns,
            floorCommitMs = floor,
            early,
            late,
            processors = Environment.ProcessorCount
        }, Json));
        return 0;
    }

    private static async Task<AgentMarks> RunAsync(IHost host, ScriptedModel model, int turns, string file)
    {
        var marks = new AgentMarks(turns,
            () => new FileInfo(file).Length + (new FileInfo(file + "-wal") is { Exists: true } wal ? wal.Length : 0));
        model.Begin(turns, marks);
        Run run = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitAsync(new RunRequest { Goal = "Take many turns." });
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        return run.Status == RunStatus.Completed
            ? marks
            : throw new InvalidOperationException($"The run ended as {run.Status}: {run.Error?.Message}");
    }

    private static void Print(string name, AgentOverhead result, double floor) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-12}{result.ModelStepMs:F3} ms = {result.ModelStepMs / floor:F1} x floor per model step, "
        + $"{result.ToolStepMs:F3} ms = {result.ToolStepMs / floor:F1} x floor per tool step (medians); "
        + $"{result.DiskBytesPerTurn:N0} bytes on disk and {result.AllocatedBytesPerTurn:N0} allocated per turn"));
}
