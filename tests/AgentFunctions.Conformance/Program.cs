using System.Globalization;
using AgentFunctions.Conformance.Torture;

return args switch
{
    [TortureProcess.Verb, string folder, string mode] => await TortureProcess.RunAsync(folder, maySchedule: mode == "schedule"),
    ["torture", "--kills", string kills, .. string[] rest] => await TortureAsync(
        int.Parse(kills, CultureInfo.InvariantCulture), rest is ["--data", string data] ? data : Path.GetTempPath()),
    _ => Usage(),
};

static async Task<int> TortureAsync(int kills, string parent)
{
    string folder = Path.Combine(parent, $"agentfunctions-torture-{Environment.ProcessId}");
    Directory.CreateDirectory(folder);
    IReadOnlyList<string> wrong = await new TortureRun(folder, Environment.TickCount).RunAsync(kills, Console.WriteLine);
    foreach (string finding in wrong)
    {
        Console.WriteLine(finding);
    }

    if (wrong.Count > 0)
    {
        Console.WriteLine($"The files are in {folder}.");
        return 1;
    }

    Directory.Delete(folder, recursive: true);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: torture --kills COUNT [--data DIRECTORY]; the tests run with 'dotnet test'");
    return 2;
}
