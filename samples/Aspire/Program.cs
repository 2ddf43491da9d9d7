// An AppHost of Aspire: the program as a host with API and dashboard, and the function app beside it where its tools are
// installed. Each sends its traces and metrics to Aspire's dashboard, since the program and the function app send over OTLP where
// the environment says so.
//   dotnet run --project samples/Aspire

// Azurite's account and key are public.
const string Account = "devstoreaccount1";
const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
string root = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", ".."));
string data = builder.Configuration["Data"] ?? Directory.CreateTempSubdirectory("aspire-").FullName;

var host = builder.AddProject<Projects.AgentFunctions_Cli>("agents", static options => options.ExcludeLaunchProfile = true)
    .WithHttpEndpoint(name: "http", port: int.TryParse(builder.Configuration["Port"], out int port) ? port : null);
host.WithArgs(
        "serve", "--data", data, "--agents", Path.Combine(builder.AppHostDirectory, "agents"), "--workspace", root,
        "--urls", ReferenceExpression.Create($"http://127.0.0.1:{host.GetEndpoint("http").Property(EndpointProperty.TargetPort)}"))
    .WithHttpHealthCheck("/health/ready")
    .WithUrlForEndpoint("http", static url => url.DisplayText = "Dashboard of the runs");

if (IsInstalled("func") && IsInstalled("azurite"))
{
    var storage = builder.AddExecutable("storage", "azurite", root, "--silent", "--skipApiVersionCheck", "--location",
        Path.Combine(data, "azurite"));
    // On ports of its own: the usual ones may be those of another Azurite.
    foreach (string service in (string[])["blob", "queue", "table"])
    {
        storage.WithHttpEndpoint(name: service)
            .WithArgs($"--{service}Port", storage.GetEndpoint(service).Property(EndpointProperty.TargetPort));
    }

    storage.WithHttpHealthCheck("/", statusCode: 400, endpointName: "blob");
    // From what was built, as an editor starts it: there are host.json and the settings.
    string app = Path.Combine(root, "samples", "FunctionApp", "bin", "Debug", "net10.0");
    var functions = builder.AddExecutable("functions", "func", app, "start")
        .WithHttpEndpoint(name: "http", port: int.TryParse(builder.Configuration["FunctionsPort"], out int own) ? own : null);
    functions
        .WithArgs("--port", functions.GetEndpoint("http").Property(EndpointProperty.TargetPort))
        .WithEnvironment("AzureWebJobsStorage", ReferenceExpression.Create(
            $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};{Of("blob")};{Of("queue")};{Of("table")}"))
        .WithOtlpExporter()
        .WithHttpHealthCheck("/health/ready")
        .WaitFor(storage);

    ReferenceExpression Of(string service) => ReferenceExpression.Create(
        $"{service}Endpoint=http://127.0.0.1:{storage.GetEndpoint(service).Property(EndpointProperty.Port)}/{Account}");
}

builder.Build().Run();

static bool IsInstalled(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
    .Any(folder => File.Exists(Path.Combine(folder, tool)) || File.Exists(Path.Combine(folder, $"{tool}.cmd"))
        || File.Exists(Path.Combine(folder, $"{tool}.exe")));
