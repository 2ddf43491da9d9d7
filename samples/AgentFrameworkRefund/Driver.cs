using System.Diagnostics;
using System.Globalization;

namespace AgentFrameworkRefund;

/// <summary>Runs the scenario in processes that are killed, starts each again until done, and counts what happened.</summary>
internal static class Driver
{
    private const int MostStarts = 10;

    public static async Task<int> DriveAsync(string[] shapes, int kills)
    {
        Console.WriteLine("| shape | trials | with doubled effects | doubled effects | effects missing | model calls per trial "
            + "| not done | killed |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (string shape in shapes)
        {
            (int doubledTrials, int doubled, int missing, int calls, int undone, int killed) = (0, 0, 0, 0, 0, 0);
            for (int trial = 0; trial < kills; trial++)
            {
                string folder = Directory.CreateTempSubdirectory("refund-").FullName;
                bool isDone = await TryAsync(shape, folder, KillPoint.All[trial % KillPoint.All.Length]);
                ILookup<string, string> happened = (await LinesAsync(folder, "effects")).ToLookup(static line => line);
                int twice = Shop.Effects.Sum(effect => Math.Max(0, happened[effect].Count() - 1));
                doubledTrials += twice > 0 ? 1 : 0;
                doubled += twice;
                missing += Shop.Effects.Count(effect => !happened.Contains(effect));
                calls += (await LinesAsync(folder, "model-calls")).Length;
                undone += isDone ? 0 : 1;
                killed += KillPoint.HasKilled(folder) ? 1 : 0;
                Directory.Delete(folder, recursive: true);
            }

            string each = ((double)calls / kills).ToString("0.0", CultureInfo.InvariantCulture);
            Console.WriteLine($"| {shape} | {kills} | {doubledTrials} | {doubled} | {missing} | {each} | {undone} | {killed} |");
        }

        return 0;
    }

    private static async Task<string[]> LinesAsync(string folder, string name)
    {
        string file = Path.Combine(folder, name);
        return File.Exists(file) ? await File.ReadAllLinesAsync(file) : [];
    }

    private static async Task<bool> TryAsync(string shape, string folder, string point)
    {
        for (int start = 0; start < MostStarts; start++)
        {
            var info = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (string argument in new[] { "exec", typeof(Driver).Assembly.Location, "run", shape, folder, point })
            {
                info.ArgumentList.Add(argument);
            }

            using Process process = Process.Start(info)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            await output;
            if (process.ExitCode == 0)
            {
                return true;
            }

            if (process.ExitCode != 137)
            {
                string said = await error;
                await Console.Error.WriteLineAsync($"{shape}, {point}: {said.Split('\n')[0]}");
            }
        }

        return false;
    }
}
