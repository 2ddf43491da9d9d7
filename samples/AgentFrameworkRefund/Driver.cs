using System.Diagnostics;

namespace AgentFrameworkRefund;

/// <summary>Runs the scenario in processes that are killed, starts each again until done, and counts what happened.</summary>
internal static class Driver
{
    private const int MostStarts = 10;

    /// <summary>After how many trials of a shape it is told how far it is.</summary>
    private const int TrialsOfAReport = 10;

    /// <summary>
    /// Runs shapes, each as often as told, and prints a table: a row as soon as its shape is done. How far it is goes to the error
    /// output.
    /// </summary>
    public static async Task<int> DriveAsync(string[] shapes, int kills)
    {
        Console.WriteLine("| shape | trials | killed | with doubled effects | doubled | lost | unknown | model calls paid again | not done |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (string shape in shapes)
        {
            (Counts undisturbed, _, bool isWhole) = await TryAsync(shape, KillPoint.Nowhere);
            if (!isWhole)
            {
                return 1;
            }

            var sum = default(Counts);
            (int doubledTrials, int undone, int killed) = (0, 0, 0);
            for (int trial = 0; trial < kills; trial++)
            {
                (Counts counts, bool isKilled, bool isDone) = await TryAsync(shape, KillPoint.All[trial % KillPoint.All.Length]);
                sum += counts;
                doubledTrials += counts.Doubled > 0 ? 1 : 0;
                undone += isDone ? 0 : 1;
                killed += isKilled ? 1 : 0;
                if ((trial + 1) % TrialsOfAReport == 0 && trial + 1 < kills)
                {
                    await Console.Error.WriteLineAsync($"{shape}, {trial + 1} of {kills}: {Row(trial + 1)}");
                }
            }

            Console.WriteLine(Row(kills));

            string Row(int trials)
            {
                int again = sum.ModelCalls - (trials * undisturbed.ModelCalls);
                return $"| {shape} | {trials} | {killed} | {doubledTrials} | {sum.Doubled} | {sum.Lost} | {sum.Unknown} "
                    + $"| {again} | {undone} |";
            }
        }

        return 0;
    }

    private static async Task<(Counts Counts, bool IsKilled, bool IsDone)> TryAsync(string shape, string point)
    {
        string folder = Directory.CreateTempSubdirectory("refund-").FullName;
        bool isDone = await CompleteAsync(shape, folder, point);
        (Counts, bool, bool) result = (Counts.Of(folder), KillPoint.HasKilled(folder), isDone);
        Directory.Delete(folder, recursive: true);
        return result;
    }

    private static async Task<bool> CompleteAsync(string shape, string folder, string point)
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
