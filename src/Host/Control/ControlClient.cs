using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using NoProp.Actors.Recording;
using NoProp.Models;

namespace NoProp.Host.Control;

/// <summary>Talks to the process that trains a run.</summary>
internal sealed class ControlClient : IRunPolicies
{
    private readonly HttpClient http;
    private readonly string name;

    private ControlClient(HttpClient http, string name) => (this.http, this.name) = (http, name);

    /// <summary>A client for a run that is in training; null where nobody trains it.</summary>
    /// <exception cref="NoPropException">It is no run folder.</exception>
    public static ControlClient? ForRun(string path)
    {
        if (ControlFile.Read(RunFolder.Read(path)) is not { } file || !File.Exists(file.Socket))
        {
            return null;
        }

        SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, cancellation) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(file.Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new(new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan }, path);
    }

    /// <summary>A client for an address.</summary>
    public static ControlClient ForAddress(IPEndPoint address, string? token)
    {
        HttpClient http = new() { BaseAddress = new Uri($"http://{address}"), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return new(http, address.ToString());
    }

    /// <inheritdoc/>
    public Task<PoliciesAnswer?> GetPoliciesAsync(CancellationToken stop) => SendAsync(new HttpRequestMessage(HttpMethod.Get, ControlApi.Policies), stop);

    /// <inheritdoc/>
    public Task<PoliciesAnswer?> ChangePoliciesAsync(IReadOnlyDictionary<string, string> changes, CancellationToken stop) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Patch, ControlApi.Policies) { Content = JsonContent.Create(changes) }, stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<PoliciesAnswer?> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, stop);
            return response.IsSuccessStatusCode
                ? await response.Content.ReadFromJsonAsync<PoliciesAnswer>(stop)
                : throw new NoPropException($"{name} refuses: {await ReasonAsync(response, stop)}");
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken stop)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(stop));
            return problem.RootElement.TryGetProperty("detail", out JsonElement detail) ? detail.GetString()! : $"HTTP {(int)response.StatusCode}";
        }
        catch (JsonException)
        {
            return $"HTTP {(int)response.StatusCode}";
        }
    }
}
