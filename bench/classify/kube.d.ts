export interface KubeService {
  readonly address: number;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly endpoints: readonly number[];
}

export function kubeServices(count: number, seed: number): KubeService[];
export function kubeRules(services: readonly KubeService[]): string;
export function kubeTrace(services: readonly KubeService[], count: number, seed: number): Uint8Array;
