using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Agent;

/// <summary>
/// What the host adds to each model step and each tool step of one run, over a model and a tool that take no time: at its
/// beginning and after thousands of turns, with a conversation that is summed up again and again.
/// </summary>
internal static class AgentBenchmark
{
    private const int Window = 100;
    private const int FirstTurn = 10;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(string[] args)
    {
        int turns = args is ["--turns", var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 10_000;
        string directory = args is [.., "--data", var folder] ? folder : Path.GetTempPath();
        using var scratch = new Scratch(directory, false);
        string file = scratch.NewFile();
        var marks = new Marks(turns, () => new FileInfo(file).Length + (new FileInfo(file + "-wal") is { Exists: true } wal ? wal.Length : 0));
        var model = new ScriptedModel(turns, marks.ModelAsked, marks.ModelAnswered);
        AgentTool tool = AgentTool.Create("work", "Works.", ToolEffect.Idempotent, (int turn) => marks.Work(turn));
        using IHost host = await ScriptedModel.StartHostAsync(file, model, tool);
        Run run = await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(new RunRequest { Goal = "Take many turns." });
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        await host.StopAsync();
        if (run.Status != RunStatus.Completed)
        {
            throw new InvalidOperationException($"The run ended as {run.Status}: {run.Error?.Message}");
        }

        Result early = marks.Between(FirstTurn, FirstTurn + Window);
        Result late = marks.Between(turns - Window, turns);
        Print($"turn {FirstTurn}", early);
        Print($"turn {turns}", late);
        Console.WriteLine(JsonSerializer.Serialize(new { turns, early, late, processors = Environment.ProcessorCount }, Json));
        return 0;
    }

    private static void Print(string name, Result result) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-12}{result.ModelStepMs:F3} ms per model step, {result.ToolStepMs:F3} ms per tool step (medians); "
        + $"{result.DiskBytesPerTurn:N0} bytes on disk and {result.AllocatedBytesPerTurn:N0} allocated per turn"));

    /// <summary>The host's own part.</summary>
    /// <param name="ModelStepMs">From the tool's return to the model's next call: results gathered, the request made.</param>
    /// <param name="ToolStepMs">From the model's answer to the tool's call: the answer recorded, the call dispatched and entered in the ledger.</param>
    /// <param name="DiskBytesPerTurn">By how much the data file grew: transcript, journal, ledger, history.</param>
    /// <param name="AllocatedBytesPerTurn">What was allocated and given back.</param>
    internal sealed record Result(double ModelStepMs, double ToolStepMs, double DiskBytesPerTurn, double AllocatedBytesPerTurn);

    /// <summary>When each turn's calls began and ended.</summary>
    private sealed class Marks(int turns, Func<long> diskBytes)
    {
        private static readonly string Text = string.Concat(Enumerable.Repeat("what the tool found ", 20));

        private readonly long[] _asked = new long[turns + 2];
        private readonly long[] _answered = new long[turns + 2];
        private readonly long[] _called = new long[turns + 2];
        private readonly long[] _returned = new long[turns + 2];
        private readonly long[] _disk = new long[turns + 2];
        private readonly long[] _allocated = new long[turns + 2];
        private long _now;

        public void ModelAsked() => _now = Stopwatch.GetTimestamp();

        public void ModelAnswered(int turn)
        {
            _asked[turn] = _now;
            _answered[turn] = Stopwatch.GetTimestamp();
        }

        public string Work(int turn)
        {
            _called[turn] = Stopwatch.GetTimestamp();
            _disk[turn] = turn % Window == FirstTurn || turn % Window == 0 ? diskBytes() : 0;
            _allocated[turn] = GC.GetTotalAllocatedBytes();
            _returned[turn] = Stopwatch.GetTimestamp();
            return Text;
        }

        public Result Between(int first, int last) => new(
            Median(Enumerable.Range(first + 1, last - first - 1).Select(turn => Stopwatch.GetElapsedTime(_returned[turn - 1], _asked[turn]).TotalMilliseconds)),
            Median(Enumerable.Range(first, last - first).Select(turn => Stopwatch.GetElapsedTime(_answered[turn], _called[turn]).TotalMilliseconds)),
            (_disk[last] - _disk[first]) / (double)(last - first),
            (_allocated[last] - _allocated[first]) / (double)(last - first));

        private static double Median(IEnumerable<double> values)
        {
            double[] sorted = [.. values.Order()];
            return sorted[sorted.Length / 2];
        }
    }
}
