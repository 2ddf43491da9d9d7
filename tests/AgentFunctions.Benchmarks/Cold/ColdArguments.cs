using System.Globalization;

namespace AgentFunctions.Benchmarks.Cold;

/// <summary>What is started, and how often.</summary>
/// <param name="Rounds">How often each process is started.</param>
/// <param name="Program">The program's assembly; <see langword="null"/> to start the host of the benchmark alone.</param>
internal sealed record ColdArguments(int Rounds, string? Program)
{
    public static ColdArguments Parse(string[] args)
    {
        var options = new ColdArguments(7, null);
        for (int index = 0; index + 1 < args.Length; index += 2)
        {
            options = args[index] switch
            {
                "--rounds" => options with { Rounds = int.Parse(args[index + 1], CultureInfo.InvariantCulture) },
                "--program" => options with { Program = Path.GetFullPath(args[index + 1]) },
                string unknown => throw new ArgumentException($"Unknown argument '{unknown}'.", nameof(args)),
            };
        }

        return options;
    }
}
